/**
 * Exemplars: executions that a metric's value comes from, by their trace. The SDK has none, so they are kept here, beside
 * the instrument, and only while an exporter shows them.
 *
 * One is kept until a scrape has taken it. So it costs a scrape interval one write, and an execution one comparison.
 */
import { type Attributes, isSpanContextValid, type Span, TraceFlags } from '@opentelemetry/api';
import { systemClock } from '../platform/clock.ts';
import { copyText } from '../platform/copy-text.ts';
import { processWide } from '../platform/process-wide.ts';
import { readProperty } from '../platform/read-property.ts';
import type { Measured } from './measured.ts';
import { ATTR } from './semconv.ts';

export interface Exemplar {
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** An exemplar, and the attributes that its value was measured with. */
export interface KeptExemplar {
  readonly exemplar: Exemplar;
  readonly attributes: Attributes;
  /** Counts the exemplars of the process, from 1. */
  readonly number: number;
}

/** `taken`: the number of the last exemplar that a scrape knows. */
const state = processWide('exemplars', () => ({ wanted: false, last: 0, taken: 0 }));

/** An exporter shows exemplars from now on. */
export function wantExemplars(): void {
  state.wanted = true;
}

/** A scrape begins to take the exemplars. Returns the number of the last one. */
export function takeExemplars(): number {
  state.taken = state.last;
  return state.last;
}

/** Whether no scrape has taken the exemplar yet. */
function isFresh(kept: KeptExemplar | undefined): kept is KeptExemplar {
  return kept !== undefined && kept.number > state.taken;
}

/**
 * The exemplar of this work, if its span is sampled; `before` while no scrape has taken it and its value is as large. The
 * span is marked, so that a sampler behind the collector can keep the trace that an exemplar leads to.
 */
export function nextExemplar(
  before: KeptExemplar | undefined,
  value: number,
  attributes: Attributes,
  work: Measured,
): KeptExemplar | undefined {
  if (!state.wanted || (isFresh(before) && before.exemplar.value >= value)) return before;
  const sampled = sampledSpan(work);
  if (sampled === undefined) return before;
  state.last += 1;
  mark(work.source);
  const exemplar = { value, ...sampled, timestamp: systemClock.date() / 1_000 };
  return { exemplar, attributes, number: state.last };
}

/** A span that is not recorded has the ids of its parent, or ids that no span has. */
function sampledSpan({ source }: Measured): Pick<Exemplar, 'traceId' | 'spanId'> | undefined {
  try {
    if (source === undefined || !(source.isRecording() || hasEnded(source))) return undefined;
    const span = source.spanContext();
    if ((span.traceFlags & TraceFlags.SAMPLED) === 0 || !isSpanContextValid(span)) return undefined;
    // The id of a trace that began elsewhere is a part of a header.
    return { traceId: copyText(span.traceId), spanId: copyText(span.spanId) };
  } catch {
    return undefined;
  }
}

function mark(source: Span | undefined): void {
  try {
    if (source?.isRecording()) source.setAttribute(ATTR.exemplar, true);
  } catch {
    // The exemplar is right; only its trace may be dropped.
  }
}

/** Dollars can come later: a model may answer after the time limit, and a price may have to be loaded. */
function hasEnded(source: Span): boolean {
  return readProperty(source, 'ended') === true;
}

/** The exemplars of one set of labels of a histogram: one for each magnitude, so that a slow execution is not lost among fast ones. */
export class Exemplars implements Iterable<KeptExemplar> {
  readonly #kept: (KeptExemplar | undefined)[] = [];

  note(seconds: number, attributes: Attributes, work: Measured): void {
    if (!state.wanted) return;
    const magnitude = magnitudeOf(seconds);
    const before = this.#kept[magnitude];
    // Nearly always: a write would cost more than the comparison.
    if (isFresh(before)) return;
    const next = nextExemplar(before, seconds, attributes, work);
    if (next !== before) this.#kept[magnitude] = next;
  }

  *[Symbol.iterator](): Iterator<KeptExemplar> {
    for (const kept of this.#kept) if (kept !== undefined) yield kept;
  }
}

/** 0 below a millisecond, then 1 more for each factor of 4; at most 16. */
function magnitudeOf(seconds: number): number {
  return (32 - Math.clz32(seconds * 1_024)) >> 1;
}
