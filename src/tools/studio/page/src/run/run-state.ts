/** What a reader does with an open run: what is selected, opened, searched and zoomed to. */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type FoldedRows, type Row, rowsOf } from '../../../model/fold.ts';
import type { StudioSpan } from '../../../model/span.ts';
import { endUs } from '../../../model/span.ts';
import { type RunTree, type TreeNode, treeOf } from '../../../model/tree.ts';
import { go, parameters, withParameters } from '../address.ts';
import { after } from '../browser.ts';
import type { TimeWindow } from './waterfall/time-window.ts';

export interface RunState {
  readonly tree: ReadonlySignal<RunTree>;
  readonly folded: ReadonlySignal<FoldedRows>;
  /** Where each row stands, by its key. */
  readonly places: ReadonlySignal<ReadonlyMap<string, number>>;
  /** The key of a row: the id of a span, or the key of a fold. */
  readonly selected: ReadonlySignal<string | null>;
  readonly search: Signal<string>;
  /** Grows when the selected row is to be scrolled to, also when it was scrolled to before. */
  readonly scrolls: ReadonlySignal<number>;
  /** The part of the time that is shown; `null`: all. */
  readonly zoom: Signal<TimeWindow | null>;
  /** How far the rows are scrolled, in pixels; the view of them writes it. */
  readonly scrolled: { scrollTop: number };
  /** Selects a row that can be seen. */
  select(key: string | null): void;
  /** Selects a span, opens what hides it, and scrolls to it. */
  goTo(spanId: string): void;
  toggle(row: Row, isOpen: boolean): void;
  zoomTo(key: string | null): void;
  close(): void;
}

/** The address is written when the reader rests: browsers allow it only some times a second. */
const ADDRESS_MS = 200;

/** What a reader finds as he left it when he comes back to a run. */
interface Kept {
  readonly toggled: Signal<ReadonlyMap<string, boolean>>;
  readonly search: Signal<string>;
  readonly zoom: Signal<TimeWindow | null>;
  selected: string | null;
  scrollTop: number;
}

const MOST_KEPT = 50;
const kept = new Map<string, Kept>();

function keptOf(traceId: string): Kept {
  const found = kept.get(traceId) ?? {
    toggled: signal<ReadonlyMap<string, boolean>>(new Map()),
    search: signal(''),
    zoom: signal<TimeWindow | null>(null),
    selected: null,
    scrollTop: 0,
  };
  kept.delete(traceId);
  kept.set(traceId, found);
  for (const id of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(id);
  return found;
}

export function runState(traceId: string, spans: ReadonlySignal<readonly StudioSpan[]>): RunState {
  const left = keptOf(traceId);
  const { toggled, search, zoom } = left;
  const selected = signal<string | null>(null);
  /** The selected span stays in sight when its siblings become enough to fold. */
  const revealed = signal<string | null>(null);
  const scrolls = signal(0);
  const tree = computed(() => treeOf(spans.value));
  const folded = computed(() =>
    rowsOf(tree.value, { toggled: toggled.value, search: search.value, reveal: revealed.value }),
  );
  const places = computed(() => new Map(folded.value.rows.map(({ key }, i) => [key, i])));

  let inAddress: string | null = null;
  if (parameters.peek().get('span') === null) left.selected = null;
  let cancelWrite = () => {};
  const show = (key: string | null, scroll: boolean) =>
    batch(() => {
      selected.value = key;
      left.selected = key;
      revealed.value = key;
      if (scroll) scrolls.value = scrolls.peek() + 1;
    });
  const select = (key: string | null, scroll = false) => {
    show(key, scroll);
    cancelWrite();
    cancelWrite = after(ADDRESS_MS, () => {
      inAddress = key;
      go(withParameters({ span: key }), { replace: true });
    });
  };
  const stopFollowing = effect(() => {
    const wanted = parameters.value.get('span');
    if (wanted === inAddress) return;
    inAddress = wanted;
    show(wanted, wanted !== left.selected);
  });

  return {
    tree,
    folded,
    places,
    selected,
    search,
    scrolls,
    zoom,
    scrolled: left,
    select: (key) => select(key),
    goTo: (spanId) => select(spanId, true),
    toggle(row, isOpen) {
      batch(() => {
        toggled.value = new Map(toggled.peek()).set(row.key, isOpen);
        if (!isOpen && isWithin(tree.peek().nodes.get(revealed.peek() ?? ''), row)) {
          revealed.value = null;
          select(row.key);
        }
      });
    },
    zoomTo(key) {
      const node = tree.peek().nodes.get(key ?? '');
      const row = folded.peek().rows[places.peek().get(key ?? '') ?? -1];
      if (node !== undefined) zoom.value = { fromUs: node.span.startUs, toUs: endUs(node.span) };
      else if (row?.kind === 'fold') zoom.value = { fromUs: row.startUs, toUs: row.endUs };
      else zoom.value = null;
    },
    close() {
      stopFollowing();
      cancelWrite();
    },
  };
}

/** Whether closing the row hides the node. */
function isWithin(node: TreeNode | undefined, row: Row): boolean {
  const roots = new Set(row.kind === 'fold' ? row.members : row.node.children);
  for (let each = node ?? null; each !== null; each = each.parent) if (roots.has(each)) return true;
  return false;
}
