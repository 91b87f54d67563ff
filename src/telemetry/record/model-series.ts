/** The metrics of the calls to one model: those of the GenAI conventions, and the cost. */
import type { Attributes } from '@opentelemetry/api';
import { errorText } from '../error-text.ts';
import { type ExecutionMetrics, executionMetrics, outcomesIn } from '../execution-telemetry.ts';
import { type DurationSeries, HistogramTable } from '../histogram-table.ts';
import { labelValue } from '../label-sets.ts';
import { currentMeter } from '../meter.ts';
import { ATTR, INSTRUMENT, type InstrumentName, MAX_SERIES, MODEL_CALL_BOUNDS, OTHER_ERROR } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';

const MODEL_LABELS = [ATTR.genAiRequestModel, ATTR.genAiProvider];
export const CHAT = { [ATTR.genAiOperation]: 'chat' };

const modelCalls = new SeriesTable(INSTRUMENT.modelCalls, 'counter', { unit: '{request}', fixed: CHAT }, [
  ...MODEL_LABELS,
  ATTR.status,
]);
const callOutcomes = new SeriesTable(INSTRUMENT.modelCallOutcomes, 'counter', { unit: '{request}', fixed: CHAT }, [
  ...MODEL_LABELS,
  ATTR.outcome,
]);
const callDuration = durations(INSTRUMENT.modelCallDuration);
const timeToFirstChunk = durations(INSTRUMENT.modelCallTimeToFirstChunk);
const tokenCounters = {
  inputTokens: tokens(INSTRUMENT.modelInputTokens),
  outputTokens: tokens(INSTRUMENT.modelOutputTokens),
  cachedInputTokens: tokens(INSTRUMENT.modelCachedInputTokens),
  cacheWriteTokens: tokens(INSTRUMENT.modelCacheWriteTokens),
  reasoningTokens: tokens(INSTRUMENT.modelReasoningTokens),
};
const callCost = counter(INSTRUMENT.modelCallCost, '{USD}', CHAT);
const unpricedCalls = counter(INSTRUMENT.unpricedModelCalls, '{request}', CHAT);
const unmeteredCalls = counter(INSTRUMENT.unmeteredModelCalls, '{request}', CHAT);

export type Tokens = keyof typeof tokenCounters;

function durations(name: InstrumentName): HistogramTable {
  const advice = { explicitBucketBoundaries: [...MODEL_CALL_BOUNDS] };
  return new HistogramTable(name, { unit: 's', advice, fixed: CHAT }, MODEL_LABELS);
}

function counter(name: InstrumentName, unit: string, fixed: Attributes): SeriesTable {
  return new SeriesTable(name, 'counter', { unit, fixed }, MODEL_LABELS);
}

/** Replies do not distinguish tokens of text from tokens of pictures. */
function tokens(name: InstrumentName): SeriesTable {
  return counter(name, '{token}', { ...CHAT, [ATTR.genAiTokenModality]: 'unknown' });
}

interface ModelCalls extends ExecutionMetrics {
  readonly duration: DurationSeries;
}

/** The series of the calls to one model. They are 0 before its first call. */
export interface ModelSeries {
  readonly calls: ModelCalls;
  readonly firstChunk: DurationSeries;
  readonly tokens: readonly (readonly [Tokens, Series])[];
  readonly cost: Series;
  readonly unpriced: Series;
  readonly unmetered: Series;
}

/** Stands for the model in the count of requests that no protocol recognises. */
const UNRECOGNISED = '__unrecognised__';

/** By provider and model. To look up each series at each call would take longer than all else that a call adds. */
const known = new Map<string, Map<string, ModelSeries>>();
let size = 0;

export function modelSeries(provider: string, model: string): ModelSeries {
  const [ofModel, ofProvider] = [labelValue(model), labelValue(provider)];
  const ofOne = known.get(ofProvider);
  const found = ofOne?.get(ofModel);
  if (found !== undefined) return found;
  const made = makeSeries(ofModel, ofProvider);
  if (size < MAX_SERIES) {
    size += 1;
    known.set(ofProvider, (ofOne ?? new Map<string, ModelSeries>()).set(ofModel, made));
  }
  return made;
}

/** A provider has answered a request whose protocol is not known: its tokens and dollars are not known either. */
export function recordUnrecognised(provider: string): void {
  // Before the count: a provider that is new to this process counts from its registration.
  currentMeter();
  unmeteredCalls.series(UNRECOGNISED, labelValue(provider)).value += 1;
}

function makeSeries(...labels: readonly [model: string, provider: string]): ModelSeries {
  return {
    calls: withErrorTypes(
      executionMetrics(modelCalls, labels, outcomesIn(callOutcomes, ...labels), callDuration.series(...labels)),
    ),
    firstChunk: timeToFirstChunk.series(...labels),
    tokens: Object.entries(tokenCounters).map(([key, table]) => [key as Tokens, table.series(...labels)] as const),
    cost: callCost.series(...labels),
    unpriced: unpricedCalls.series(...labels),
    unmetered: unmeteredCalls.series(...labels),
  };
}

/** How many types of errors the calls of one primitive, or all calls on the wire to one model, have in the metrics at most: foreign code chooses their names. */
const MAX_ERROR_TYPES = 8;

/** The same counts, with types of errors of their own. */
export function withErrorTypes(metrics: ModelCalls) {
  const { duration } = metrics;
  const types = new Map<string, DurationSeries>();
  const durationOfFailure = (error: unknown) => {
    const given = labelValue(errorText(error).type);
    const type = types.has(given) || types.size < MAX_ERROR_TYPES ? given : OTHER_ERROR;
    const found = types.get(type) ?? duration.with(ATTR.errorType, type);
    types.set(type, found);
    return found;
  };
  return { ...metrics, durationOfFailure };
}
