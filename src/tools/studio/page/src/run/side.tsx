/** The details: of the selected row, else of the whole run. */
import { useComputed } from '@preact/signals';
import { breakdownOf } from '../../../model/breakdown.ts';
import { Overview } from './overview/overview.tsx';
import { FoldPanel } from './panel/fold-panel.tsx';
import { SpanPanel } from './panel/span-panel.tsx';
import type { RunState } from './run-state.ts';

export interface SideProps {
  readonly state: RunState;
  readonly isRunning: boolean;
  readonly isWide: boolean;
}

/** On a narrow screen they are a sheet over the view, only for what is selected. */
export function Side({ state, isRunning, isWide }: SideProps) {
  const details = detailsOf(state, isRunning);
  if (details === null && !isWide) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <aside class={isWide ? 'side' : 'side sheet'} aria-label="Details" tabIndex={0}>
      {details ?? <OverviewOf state={state} />}
    </aside>
  );
}

export function OverviewOf({ state }: { readonly state: RunState }) {
  const breakdown = useComputed(() => breakdownOf(state.tree.value));
  return <Overview breakdown={breakdown.value} onOpen={state.goTo} />;
}

function detailsOf(state: RunState, isRunning: boolean) {
  const selected = state.selected.value;
  if (selected === null) return null;
  const close = () => state.select(null);
  const tree = state.tree.value;
  const node = tree.nodes.get(selected);
  if (node !== undefined) {
    const zoom = () => state.zoomTo(selected);
    return (
      <SpanPanel
        key={selected}
        node={node}
        runStartUs={tree.startUs}
        isRunning={isRunning}
        onClose={close}
        onZoom={zoom}
        onOpen={state.goTo}
      />
    );
  }
  const row = state.folded.value.rows[state.places.value.get(selected) ?? -1];
  if (row?.kind !== 'fold') return null;
  return (
    <FoldPanel
      key={selected}
      row={row}
      onOpen={state.goTo}
      onToggle={(isOpen) => state.toggle(row, isOpen)}
      onClose={close}
    />
  );
}
