import type { RunStatus } from '../../../model/run.ts';

/** The sign of each status: a reader who cannot tell the colours apart has it and the word. */
const SIGNS: Readonly<Record<RunStatus, string>> = {
  running: 'M8 2a6 6 0 1 1-6 6',
  success: 'M3 8.5l3.2 3.2L13 4.8',
  failure: 'M4 4l8 8M12 4l-8 8',
  timeout: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M8 4.8V8l2.4 1.6',
  cancelled: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M4 12l8-8',
  superseded: 'M3 4l4 4-4 4M8.5 4l4 4-4 4',
  rejected: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M5 8h6',
  unfinished: 'M3 8h1.5M7.2 8h1.6M11.5 8H13',
};

/** A status as sign, word and colour. `compact`: the word is for screen readers and as a tip only. */
export function Status({ of, compact = false }: { readonly of: RunStatus; readonly compact?: boolean }) {
  return (
    <span class={`status status-${of}`} title={compact ? of : undefined}>
      <svg class="sign" viewBox="0 0 16 16" aria-hidden="true">
        <path d={SIGNS[of]} />
      </svg>
      <span class={compact ? 'unseen' : ''}>{of}</span>
    </span>
  );
}
