/** The keys of a tree, as readers of trees know them. */
import { firstFailuresIn } from '../../../../model/absorber.ts';
import type { Row } from '../../../../model/fold.ts';
import { nodesInOrder } from '../../../../model/totals.ts';
import { useKeys } from '../../parts/keys.ts';
import type { RunState } from '../run-state.ts';

export interface WaterfallKeys {
  readonly state: RunState;
  readonly scrollTo: (index: number) => void;
  /** How many rows a page has. */
  readonly pageRows: () => number;
}

export function useWaterfallKeys({ state, scrollTo, pageRows }: WaterfallKeys): void {
  const rows = () => state.folded.peek().rows;
  const place = () => state.places.peek().get(state.selected.peek() ?? '') ?? -1;
  const selectAt = (index: number) => {
    const to = Math.max(0, Math.min(rows().length - 1, index));
    const row = rows()[to];
    if (row === undefined) return;
    state.select(row.key);
    scrollTo(to);
  };
  const onRow = (act: (row: Row) => void) => () => {
    const row = rows()[place()];
    if (row === undefined) return selectAt(0);
    act(row);
  };
  const isWhole = (row: Row) => row.isExpanded && (row.kind === 'span' || row.shown === row.members.length);
  // In the details, arrows and pages scroll.
  const outside = (run: () => void) => (event: KeyboardEvent) => {
    const isWithin = event.target instanceof Element && event.target.closest('aside') !== null;
    if (isWithin && event.key.length > 1) return false;
    run();
    return true;
  };
  useKeys([
    { keys: ['j', 'ArrowDown'], label: 'Next row', run: outside(() => selectAt(place() + 1)) },
    { keys: ['k', 'ArrowUp'], label: 'Row before', run: outside(() => selectAt(place() - 1)) },
    {
      keys: ['l', 'ArrowRight'],
      label: 'Open the row, or go into it',
      run: outside(
        onRow((row) => {
          if (!row.isExpandable) return;
          if (isWhole(row)) selectAt(place() + 1);
          else state.toggle(row, true);
        }),
      ),
    },
    {
      keys: ['h', 'ArrowLeft'],
      label: 'Close the row, or go to the one above it',
      run: outside(
        onRow((row) => {
          if (row.isExpanded) state.toggle(row, false);
          else if (row.parentKey !== null) selectAt(state.places.peek().get(row.parentKey) ?? 0);
        }),
      ),
    },
    { keys: ['PageDown'], label: 'A page down', run: outside(() => selectAt(place() + pageRows())) },
    { keys: ['PageUp'], label: 'A page up', run: outside(() => selectAt(place() - pageRows())) },
    { keys: ['Home'], label: 'First row', run: outside(() => selectAt(0)) },
    { keys: ['End'], label: 'Last row', run: outside(() => selectAt(rows().length - 1)) },
    {
      keys: ['Enter'],
      label: 'Into the details of the row',
      run: outside(onRow(() => document.querySelector<HTMLElement>('aside')?.focus())),
    },
    { keys: ['e'], label: 'Next failure', run: () => goToFailure(state, 1) },
    { keys: ['E'], label: 'Failure before', run: () => goToFailure(state, -1) },
    {
      keys: ['z'],
      label: 'Zoom to the row, or back',
      run: () => state.zoomTo(state.zoom.peek() ? null : state.selected.peek()),
    },
  ]);
}

/** To the next span that failed by itself after the selected one, in the order of the page, and round. */
function goToFailure(state: RunState, step: 1 | -1): void {
  const nodes = [...nodesInOrder(state.tree.peek())];
  const failed = new Set(firstFailuresIn(state.tree.peek()));
  const at = nodes.findIndex(({ span }) => span.spanId === state.selected.peek());
  const from = at === -1 && step === -1 ? 0 : at;
  for (let i = 1; i <= nodes.length; i += 1) {
    const node = nodes[(from + step * i + 2 * nodes.length) % nodes.length];
    if (node === undefined || !failed.has(node)) continue;
    state.goTo(node.span.spanId);
    return;
  }
}
