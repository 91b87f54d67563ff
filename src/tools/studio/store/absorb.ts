import type { RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';
import { summarise } from '../model/summarise.ts';
import { type Chunk, writeChunks, writeSpan } from './chunk.ts';
import { factsOf, namesWith } from './search.ts';

/** What is kept of a run beside its spans. */
export interface RunRecord {
  readonly row: RunSummary;
  /** What a search looks into: the facts of the row, an empty line, and the names of its spans. */
  readonly document: string;
  /** The spans that are kept, and their size as text. */
  readonly kept: number;
  readonly size: number;
}

export interface Absorbed extends RunRecord {
  readonly chunks: readonly Chunk[];
  /** The spans in the chunks. */
  readonly stored: readonly StudioSpan[];
}

/** A run's spans may have this size together, as text: some 100,000 usual spans. */
const MAX_RUN_SIZE = 128 * 1024 * 1024;
/** The largest share of all that is kept. */
const MAX_RUN_SHARE = 1 / 4;
/** Spans that say how a run ended come last: they have room above the limit. */
const EXTRA = 1.25;

export function maxRunSize(maxBytes: number): number {
  return Math.min(MAX_RUN_SIZE, maxBytes * MAX_RUN_SHARE);
}

/** A run with further spans, none of which it has already. Those that are too much are counted, and not kept. */
export function absorb(
  previous: RunRecord | undefined,
  spans: readonly StudioSpan[],
  stamp: Pick<RunSummary, 'arrival' | 'change' | 'receivedMs'>,
  maxSize: number,
): Absorbed {
  const stored: StudioSpan[] = [];
  const written = [];
  let size = previous?.size ?? 0;
  for (const span of spans) {
    const each = writeSpan(span);
    const grown = size + each.text.length + each.source.length;
    const isTelling = span.parentSpanId === null || span.status === 'error';
    if (grown > maxSize * (isTelling ? EXTRA : 1)) continue;
    size = grown;
    stored.push(span);
    written.push(each);
  }
  const counted = summarise(previous?.row, spans, stamp);
  const dropped = (previous?.row.droppedSpans ?? 0) + spans.length - stored.length;
  const row = { ...counted, droppedSpans: dropped };
  const names = previous === undefined ? '' : previous.document.slice(previous.document.indexOf('\n\n') + 2);
  const document = `${factsOf(row)}\n\n${namesWith(names, spans)}`;
  return { row, document, kept: (previous?.kept ?? 0) + stored.length, size, stored, chunks: writeChunks(written) };
}
