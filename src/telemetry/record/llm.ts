/** The telemetry of calls to models: spans and metrics of the GenAI conventions, and the cost. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { errorText } from '../error-text.ts';
import { type DurationSeries, executionMetrics } from '../execution-telemetry.ts';
import { HistogramTable } from '../histogram-table.ts';
import { labelValue } from '../label-sets.ts';
import type { Observation } from '../observation.ts';
import type { KindTelemetry } from '../primitive-telemetry.ts';
import { ATTR, INSTRUMENT, type InstrumentName, MODEL_CALL_BOUNDS, NO_WORKFLOW, OTHER_ERROR } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';

export type { Observation } from '../observation.ts';

const MODEL_LABELS = [ATTR.genAiRequestModel, ATTR.genAiProvider];
const CHAT = { [ATTR.genAiOperation]: 'chat' };

const modelCalls = new SeriesTable(INSTRUMENT.modelCalls, 'counter', { unit: '{request}', fixed: CHAT }, [
  ...MODEL_LABELS,
  ATTR.status,
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
const workflowCost = new SeriesTable(INSTRUMENT.workflowCost, 'counter', { unit: '{USD}' }, [ATTR.workflowName]);

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

interface ModelFacts {
  readonly id: string;
  readonly provider: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
}

/** The telemetry of calls to one model. `streams`: replies come in chunks. */
export function modelCallTelemetry(model: ModelFacts, { streams = false } = {}): KindTelemetry {
  const { id, provider, serverAddress, serverPort } = model;
  const seriesIn = (table: HistogramTable): DurationSeries => ({ table, labels: table.labels(id, provider) });
  const duration = seriesIn(callDuration);
  return {
    spanName: `chat ${id}`,
    spanKind: SpanKind.CLIENT,
    samplingAttributes: {
      ...CHAT,
      [ATTR.genAiProvider]: provider,
      [ATTR.genAiRequestModel]: id,
      ...(serverAddress === undefined ? {} : { [ATTR.serverAddress]: serverAddress }),
      ...(serverPort === undefined ? {} : { [ATTR.serverPort]: serverPort }),
    },
    metrics: [
      { ...executionMetrics(modelCalls, [id, provider], duration), labelsOfFailure: labelsByErrorType(duration) },
    ],
    ...(streams ? { firstChunk: seriesIn(timeToFirstChunk) } : {}),
  };
}

/** How many types of errors each model has in the metrics at most: foreign code chooses their names. */
const MAX_ERROR_TYPES = 8;

function labelsByErrorType({ table, labels }: DurationSeries): (error: unknown) => Attributes {
  const known = new Map<string, Attributes>();
  return (error) => {
    const given = labelValue(errorText(error).type);
    const type = known.has(given) || known.size < MAX_ERROR_TYPES ? given : OTHER_ERROR;
    const found = known.get(type) ?? table.labelsWith(labels, ATTR.errorType, type);
    known.set(type, found);
    return found;
  };
}

type Tokens = keyof typeof tokenCounters;

export type ModelCallRecorder = ReturnType<typeof modelCallRecorder>;

/** Records tokens and dollars of the calls to one model. Every method may be called after the execution has ended. */
export function modelCallRecorder({ id, provider }: ModelFacts) {
  const counters = Object.entries(tokenCounters).map(
    ([key, table]) => [key as Tokens, table.series(id, provider)] as const,
  );
  const cost = callCost.series(id, provider);
  const unpriced = unpricedCalls.series(id, provider);
  const unmetered = unmeteredCalls.series(id, provider);
  return {
    requested(observation: Observation, request: RequestFacts, withContent: boolean): void {
      observation.span?.setAttributes({
        [ATTR.genAiRequestMaxTokens]: request.maxTokens,
        [ATTR.genAiRequestTemperature]: request.temperature,
        [ATTR.genAiRequestTopP]: request.topP,
        ...(withContent ? { [ATTR.genAiInputMessages]: messagesJson(request.messages) } : {}),
      });
    },
    answered(observation: Observation, reply: ReplyFacts, withContent: boolean): void {
      const { text, model, id: replyId, finishReason } = reply;
      observation.span?.setAttributes({
        [ATTR.genAiResponseModel]: model,
        [ATTR.genAiResponseId]: replyId,
        [ATTR.genAiFinishReasons]: finishReason === undefined ? undefined : [finishReason],
        ...(withContent ? { [ATTR.genAiOutputMessages]: messagesJson([{ role: 'assistant', content: text }]) } : {}),
      });
    },
    used(observation: Observation, usage: Readonly<Record<Tokens, number>>): void {
      for (const [key, series] of counters) series.value += usage[key];
      observation.span?.setAttributes({
        [ATTR.genAiInputTokens]: usage.inputTokens,
        [ATTR.genAiOutputTokens]: usage.outputTokens,
        [ATTR.genAiCacheReadTokens]: usage.cachedInputTokens,
        [ATTR.genAiCacheWriteTokens]: usage.cacheWriteTokens,
        [ATTR.genAiReasoningTokens]: usage.reasoningTokens,
      });
    },
    spent(observation: Observation, dollars: number, workflowName: string | undefined): void {
      cost.value += dollars;
      workflowCost.series(workflowName ?? NO_WORKFLOW).value += dollars;
      observation.span?.setAttribute(ATTR.cost, dollars);
    },
    /** The tokens of the call are known, and its price is not. */
    unpriced(observation: Observation): void {
      unpriced.value += 1;
      observation.span?.setAttribute(ATTR.priced, false);
    },
    /** The tokens of the call are not known, and so its cost is not known at any price. */
    unmetered(observation: Observation): void {
      unmetered.value += 1;
      observation.span?.setAttribute(ATTR.metered, false);
    },
  };
}

interface RequestFacts {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
}

interface ReplyFacts {
  readonly text: string;
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  readonly finishReason?: string | undefined;
}

/** Messages in the conventions' form, as JSON text: attributes of spans cannot be objects. */
function messagesJson(messages: RequestFacts['messages']): string {
  return JSON.stringify(messages.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] })));
}
