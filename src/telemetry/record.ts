/** The verbs in which primitives tell what happened. They name facts; names of telemetry stay in this room. */
import type { Attributes } from '@opentelemetry/api';
import { CounterTable } from './instruments.ts';
import type { Observation } from './observe.ts';
import { errorText } from './redact.ts';
import {
  ATTR,
  EVENT,
  INSTRUMENT,
  type InstrumentName,
  NO_WORKFLOW,
  RETRY_RESULTS,
  type RetryResult,
  TAG_PREFIX,
} from './semconv.ts';

export type { Observation } from './observe.ts';
export type { RetryResult } from './semconv.ts';
export type ExecutionAttributes = Attributes;

/** The ids and tags of a run as its first span shows them. */
export function executionAttributes(run: {
  readonly workflowId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly tags?: Readonly<Record<string, string | number | boolean>> | undefined;
}): ExecutionAttributes {
  const tags = Object.entries(run.tags ?? {}).map(([key, value]) => [TAG_PREFIX + key, value]);
  return {
    ...Object.fromEntries(tags),
    [ATTR.workflowId]: run.workflowId,
    [ATTR.sessionId]: run.sessionId,
    [ATTR.correlationId]: run.correlationId,
  };
}

const cacheHits = new CounterTable(
  INSTRUMENT.cacheHits,
  'counter',
  { description: 'Cache lookups answered from the cache', unit: '{lookup}' },
  [ATTR.primitiveName, ATTR.cacheType],
);
const cacheMisses = new CounterTable(
  INSTRUMENT.cacheMisses,
  'counter',
  { description: 'Cache lookups that ran the wrapped primitive', unit: '{lookup}' },
  [ATTR.primitiveName, ATTR.cacheType],
);

/** Tells the lookups of one cache. */
export function cacheLookups(name: string, type: string) {
  const hits = cacheHits.series(name, type);
  const misses = cacheMisses.series(name, type);
  return {
    hit(observation: Observation): void {
      hits.value += 1;
      observation.span?.setAttribute(ATTR.cacheResult, 'hit');
    },
    miss(observation: Observation): void {
      misses.value += 1;
      observation.span?.setAttribute(ATTR.cacheResult, 'miss');
    },
  };
}

const retryAttempts = new CounterTable(
  INSTRUMENT.retryAttempts,
  'counter',
  { description: 'Finished executions of retry primitives by result', unit: '{execution}' },
  [ATTR.primitiveName, ATTR.retryResult],
);

/** Tells what became of the executions of one retry. */
export function retryResults(name: string) {
  const results = new Map(RETRY_RESULTS.map((result) => [result, retryAttempts.series(name, result)]));
  return {
    /** Attempt `attempt` (the first is 1) failed and the next follows after `delayMs`. */
    again(observation: Observation, attempt: number, delayMs: number, error: unknown): void {
      observation.span?.addEvent(EVENT.retry, {
        [ATTR.retryAttempt]: attempt,
        [ATTR.retryDelay]: delayMs / 1_000,
        ...errorAttributes(error),
      });
    },
    finished(observation: Observation, result: RetryResult, attempts: number): void {
      const series = results.get(result);
      if (series !== undefined) series.value += 1;
      observation.span?.setAttributes({ [ATTR.retryResult]: result, [ATTR.retryAttempts]: attempts });
    },
  };
}

const fallbacks = new CounterTable(
  INSTRUMENT.fallbackActivations,
  'counter',
  { description: 'Executions whose primary failed, so that a substitute was tried', unit: '{execution}' },
  [ATTR.primitiveName],
);

/** Tells when one fallback leaves its primary, and who answered. */
export function fallbackActivations(name: string) {
  const activations = fallbacks.series(name);
  return {
    activated(): void {
      activations.value += 1;
    },
    failed(observation: Observation, substitute: string, error: unknown): void {
      observation.span?.addEvent(EVENT.fallback, { [ATTR.primitiveName]: substitute, ...errorAttributes(error) });
    },
    answered(observation: Observation, by: string): void {
      observation.span?.setAttribute(ATTR.fallbackAnsweredBy, by);
    },
  };
}

export function recordRoute(observation: Observation, route: string): void {
  observation.span?.setAttribute(ATTR.routerRoute, route);
}

export function recordBranch(observation: Observation, branch: 'then' | 'otherwise' | 'none'): void {
  observation.span?.setAttribute(ATTR.conditionalBranch, branch);
}

export function recordTimeout(observation: Observation, timeoutMs: number): void {
  observation.span?.setAttribute(ATTR.timeout, timeoutMs / 1_000);
}

function errorAttributes(error: unknown): Attributes {
  const { type, message } = errorText(error);
  return { [ATTR.errorType]: type, [ATTR.exceptionMessage]: message };
}

/** How the span of a named workflow looks, after the GenAI conventions. */
export function workflowSpan(name: string) {
  return {
    spanName: `invoke_workflow ${name}`,
    samplingAttributes: { [ATTR.genAiOperation]: 'invoke_workflow', [ATTR.genAiWorkflowName]: name },
  };
}

/** How the span of a call to a model looks, after the GenAI conventions. */
export function llmSpan(model: {
  readonly model: string;
  readonly provider: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
}) {
  return {
    spanName: `chat ${model.model}`,
    model: [model.model, model.provider] as const,
    samplingAttributes: {
      [ATTR.genAiOperation]: 'chat',
      [ATTR.genAiProvider]: model.provider,
      [ATTR.genAiRequestModel]: model.model,
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
const workflowLlmCost = new CounterTable(
  INSTRUMENT.workflowLlmCost,
  'counter',
  { description: 'US dollars spent on calls to models, by the outermost workflow', unit: '{USD}' },
  [ATTR.workflowName],
);

function llmCounter(name: InstrumentName, description: string, unit: string): CounterTable {
  return new CounterTable(name, 'counter', { description, unit }, MODEL_LABELS);
}

type Tokens = keyof typeof llmTokens;

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
