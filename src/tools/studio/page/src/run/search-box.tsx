/** The search inside a run. It takes Ctrl+F, because the browser's own does not find rows that are not drawn. */
import { useRef } from 'preact/hooks';
import { formatCount } from '../format.ts';
import { useKeys } from '../parts/keys.ts';
import type { RunState } from './run-state.ts';

export interface SearchBoxProps {
  readonly state: RunState;
  /** Called before what was found is shown. */
  readonly onFind: () => void;
}

export function SearchBox({ state, onFind }: SearchBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  const { matches } = state.folded.value;
  const search = state.search.value;
  const at = matches.findIndex(({ span }) => span.spanId === state.selected.value);
  const step = (by: 1 | -1) => {
    const found = state.folded.peek().matches;
    if (found.length === 0) return false;
    const now = found.findIndex(({ span }) => span.spanId === state.selected.peek());
    const next = now === -1 ? (by === 1 ? 0 : found.length - 1) : (now + by + found.length) % found.length;
    const node = found[next];
    if (node === undefined) return false;
    onFind();
    state.goTo(node.span.spanId);
    return true;
  };
  const focus = () => {
    input.current?.focus();
    input.current?.select();
  };
  useKeys([
    { keys: ['mod+f', '/'], label: 'Search in the run', run: focus },
    { keys: ['n'], label: 'Next found', run: () => step(1) },
    { keys: ['N'], label: 'Found before', run: () => step(-1) },
  ]);
  return (
    <search class="run-search">
      <input
        ref={input}
        type="search"
        aria-label="Search in the run"
        placeholder="Search in the run"
        value={search}
        onInput={(event) => {
          state.search.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') {
            // One Escape empties the field, the next one leaves it.
            if (event.currentTarget.value === '') event.currentTarget.blur();
            state.search.value = '';
          } else return;
          event.preventDefault();
        }}
      />
      <output>
        {search.trim() === ''
          ? ''
          : matches.length === 0
            ? 'not found'
            : `${at === -1 ? '–' : formatCount(at + 1)} of ${formatCount(matches.length)}`}
      </output>
    </search>
  );
}
