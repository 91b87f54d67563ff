/** The time that is shown. It stands in the address: `window=1h`, or `from` and `to`. */
import { computed } from '@preact/signals';
import { go, parameters, withParameters } from '../address.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const WINDOWS = [
  { name: '1m', label: '1 minute', ms: MINUTE },
  { name: '5m', label: '5 minutes', ms: 5 * MINUTE },
  { name: '15m', label: '15 minutes', ms: 15 * MINUTE },
  { name: '1h', label: '1 hour', ms: HOUR },
  { name: '6h', label: '6 hours', ms: 6 * HOUR },
  { name: '24h', label: '24 hours', ms: 24 * HOUR },
  { name: '7d', label: '7 days', ms: 168 * HOUR },
  { name: 'all', label: 'all that is kept', ms: undefined },
] as const;
const DEFAULT = '15m';

export type Shown =
  | { readonly kind: 'window'; readonly name: (typeof WINDOWS)[number]['name'] }
  | { readonly kind: 'range'; readonly fromMs: number; readonly toMs: number };

/** What is not understood in an address is as if it were not there. */
export const shown = computed((): Shown => {
  const [fromMs, toMs] = [whole('from'), whole('to')];
  if (fromMs !== undefined && toMs !== undefined && fromMs < toMs) return { kind: 'range', fromMs, toMs };
  const name = WINDOWS.find((each) => each.name === parameters.value.get('window'))?.name ?? DEFAULT;
  return { kind: 'window', name };
});

function whole(name: string): number | undefined {
  const text = parameters.value.get(name) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The parameters of the request. */
export function requestOf(time: Shown, points: number): string {
  if (time.kind === 'range') return `from=${time.fromMs}&to=${time.toMs}&points=${points}`;
  return `window=${WINDOWS.find(({ name }) => name === time.name)?.ms ?? 'all'}&points=${points}`;
}

export function pathOfWindow(name: (typeof WINDOWS)[number]['name']): string {
  return withParameters({ window: name === DEFAULT ? null : name, from: null, to: null });
}

const SHORTEST_MS = MINUTE;

/** Shows a time of its own, one minute at least. */
export function goToRange(fromMs: number, toMs: number): void {
  const middleMs = (fromMs + toMs) / 2;
  const halfMs = Math.max(SHORTEST_MS, toMs - fromMs) / 2;
  const from = String(Math.max(0, Math.floor(middleMs - halfMs)));
  go(withParameters({ window: null, from, to: String(Math.ceil(middleMs + halfMs)) }));
}
