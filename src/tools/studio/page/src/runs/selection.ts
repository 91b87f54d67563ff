/** Which run is active, and which are picked for a comparison. They stay while the reader looks at a run. */
import { signal } from '@preact/signals';

export const active = signal<string | null>(null);
/** Two at the most, in the order they were picked in. */
export const picked = signal<readonly string[]>([]);

/** Picks a run, or puts it back. A third one takes the place of the first. */
export function pick(traceId: string): void {
  const others = picked.value.filter((each) => each !== traceId);
  picked.value = others.length < picked.value.length ? others : [...others, traceId].slice(-2);
}

/** How far each list was scrolled, by its filter. */
export const scrolled = new Map<string, number>();
