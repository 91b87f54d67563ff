import { SeriesTable } from '../instruments.ts';
import type { Observation } from '../observe.ts';
import { ATTR, INSTRUMENT, type InstrumentName, NO_WORKFLOW } from '../semconv.ts';

export type { Observation } from '../observe.ts';

/** How the span of a call to a model looks, after the GenAI conventions. */
export function llmSpan(model: {
  readonly id: string;
  readonly provider: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
}) {
  return {
    spanName: `chat ${model.id}`,
    model: [model.id, model.provider] as const,
    samplingAttributes: {
      [ATTR.genAiOperation]: 'chat',
      [ATTR.genAiProvider]: model.provider,
      [ATTR.genAiRequestModel]: model.id,
      ...(model.serverAddress === undefined ? {} : { [ATTR.serverAddress]: model.serverAddress }),
      ...(model.serverPort === undefined ? {} : { [ATTR.serverPort]: model.serverPort }),
    },
  };
}

const MODEL_LABELS = [ATTR.genAiRequestModel, ATTR.genAiProvider];
const llmTokens = {
  inputTokens: llmCounter(INSTRUMENT.llmInputTokens, 'Input tokens, cached ones included', '{token}'),
  outputTokens: llmCounter(INSTRUMENT.llmOutputTokens, 'Output tokens, reasoning included', '{token}'),
  cachedInputTokens: llmCounter(
    INSTRUMENT.llmCachedInputTokens,
    "Input tokens read from the provider's cache",
    '{token}',
  ),
  cacheWriteTokens: llmCounter(
    INSTRUMENT.llmCacheWriteTokens,
    "Input tokens written to the provider's cache",
    '{token}',
  ),
  reasoningTokens: llmCounter(INSTRUMENT.llmReasoningTokens, 'Output tokens spent on reasoning', '{token}'),
};
const llmCost = llmCounter(INSTRUMENT.llmCost, 'US dollars spent on calls to models', '{USD}');
const llmUnpriced = llmCounter(INSTRUMENT.llmUnpricedRequests, 'Calls to models whose price is not known', '{request}');
const workflowLlmCost = new SeriesTable(
  INSTRUMENT.workflowLlmCost,
  'counter',
  { description: 'US dollars spent on calls to models, by the outermost workflow', unit: '{USD}' },
  [ATTR.workflowName],
);

function llmCounter(name: InstrumentName, description: string, unit: string): SeriesTable {
  return new SeriesTable(name, 'counter', { description, unit }, MODEL_LABELS);
}

type Tokens = keyof typeof llmTokens;

export type LlmCalls = ReturnType<typeof llmCalls>;

/** Tells what the calls to one model used and cost. All of it may come after the execution has ended. */
export function llmCalls(model: string, provider: string) {
  const tokens = Object.entries(llmTokens).map(
    ([key, table]) => [key as Tokens, table.series(model, provider)] as const,
  );
  const cost = llmCost.series(model, provider);
  const unpriced = llmUnpriced.series(model, provider);
  return {
    asked(observation: Observation, request: LlmRequestFacts, withContent: boolean): void {
      observation.span?.setAttributes({
        [ATTR.genAiRequestMaxTokens]: request.maxTokens,
        [ATTR.genAiRequestTemperature]: request.temperature,
        [ATTR.genAiRequestTopP]: request.topP,
        ...(withContent ? { [ATTR.genAiInputMessages]: messagesJson(request.messages) } : {}),
      });
    },
    answered(observation: Observation, reply: LlmReplyFacts, withContent: boolean): void {
      const { text, model: answeredBy, id, finishReason } = reply;
      observation.span?.setAttributes({
        [ATTR.genAiResponseModel]: answeredBy,
        [ATTR.genAiResponseId]: id,
        [ATTR.genAiFinishReasons]: finishReason === undefined ? undefined : [finishReason],
        ...(withContent ? { [ATTR.genAiOutputMessages]: messagesJson([{ role: 'assistant', content: text }]) } : {}),
      });
    },
    used(observation: Observation, usage: Readonly<Record<Tokens, number>>): void {
      for (const [key, series] of tokens) series.value += usage[key];
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
      workflowLlmCost.series(workflowName ?? NO_WORKFLOW).value += dollars;
      observation.span?.setAttribute(ATTR.cost, dollars);
    },
    unpriced(observation: Observation): void {
      unpriced.value += 1;
      observation.span?.setAttribute(ATTR.priced, false);
    },
  };
}

interface LlmRequestFacts {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
}

interface LlmReplyFacts {
  readonly text: string;
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  readonly finishReason?: string | undefined;
}

/** Messages in the conventions' form, as the JSON text that spans of today can hold. */
function messagesJson(messages: LlmRequestFacts['messages']): string {
  return JSON.stringify(messages.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] })));
}
