/** What a span says, read once: the names of attributes are known here and in the receiver, and nowhere else. */
import { type ErrorFacts, eventError, spanError } from './error.ts';
import { type Conversation, readConversation } from './messages.ts';
import { countOf, entryOf, firstText, microsecondsOf, nanodollarsOf, textOf, textsOf } from './read.ts';
import { RUN_STATUSES, type RunStatus } from './run.ts';
import type { StudioSpan } from './span.ts';
import { type Wait, waitsOf } from './waits.ts';

/** What a span is, for its colour and for a reader: several types are one group. */
export type SpanGroup = 'model' | 'tool' | 'agent' | 'flow' | 'resilience' | 'cache' | 'task' | 'other';
export type Outcome = Exclude<RunStatus, 'running' | 'unfinished'>;

/** `null`: not known, which is not 0. Input includes cached and cache write, output includes reasoning. */
export interface Tokens {
  readonly input: number | null;
  readonly output: number | null;
  readonly cached: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
}

/** An attempt that failed, or gave a poor result, and was followed by another. */
export interface Retry {
  /** Counts from 1. */
  readonly attempt: number;
  readonly atUs: number;
  readonly delayUs: number;
  /** `null`: its result was refused. */
  readonly error: ErrorFacts | null;
}

export interface SpanFacts {
  /** The kind of primitive, else the operation of the GenAI conventions, else the kind of span. */
  readonly type: string;
  readonly group: SpanGroup;
  /** The author's name, the tool, the agent or the model; else the name of the span. */
  readonly label: string;
  /** Whether the label is a word of the author or of the model, and not only that of a kind. */
  readonly isNamed: boolean;
  readonly isOurs: boolean;
  readonly isModelCall: boolean;
  readonly workflow: string | null;
  readonly outcome: Outcome;
  /** Not for what was cancelled, or given up because of another: that says nothing of how well it works. */
  readonly hasFailed: boolean;
  /** `null` unless it failed. */
  readonly error: ErrorFacts | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly finishReasons: readonly string[];
  readonly tokens: Tokens;
  readonly nanodollars: number | null;
  /** Why the dollars of a model call are not known; `null` where they are, and for what is no model call. */
  readonly unknownDollars: 'unpriced' | 'unmetered' | 'not told' | null;
  /** From its start to the first chunk of the reply. */
  readonly firstChunkUs: number | null;
  readonly cache: 'hit' | 'stale' | 'miss' | null;
  readonly savedNanodollars: number | null;
  readonly retries: readonly Retry[];
  readonly retryResult: string | null;
  /** All tries, the first included; `null` for what is no retry. */
  readonly attempts: number | null;
  readonly retryStoppedBy: string | null;
  /** Which primitive of a fallback answered. */
  readonly answeredBy: string | null;
  /** Primitives of a fallback that failed, in their order. */
  readonly fallbackFailures: readonly { readonly label: string; readonly error: ErrorFacts }[];
  /** The route, branch or case that was taken, or who won a race. */
  readonly choice: string | null;
  readonly hedge: string | null;
  readonly circuitState: string | null;
  readonly circuitChanges: readonly { readonly atUs: number; readonly to: string }[];
  readonly timeoutUs: number | null;
  readonly iterations: number | null;
  readonly mapItems: number | null;
  readonly mapFailedItems: number | null;
  readonly compensations: readonly Compensation[];
  /** Its own; `waitsAt` has those of its jobs in a queue too. */
  readonly waits: readonly Wait[];
  /** Where this is the work of a job on a worker. */
  readonly job: JobFacts | null;
  readonly session: string | null;
  readonly correlation: string | null;
  readonly tenant: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** The messages; `null`: they were not captured, or this is no model call. */
  readonly conversation: Conversation | null;
}

/** How a job came through its queue. */
export interface JobFacts {
  readonly queue: string;
  /** Counts from 1; each later one follows a worker that was lost. */
  readonly delivery: number;
  /** Before this delivery; `null`: not known. */
  readonly waitUs: number | null;
}

/** A step of a saga that was undone, or whose effect is not known. */
export interface Compensation {
  readonly step: string;
  readonly result: 'undone' | 'failed' | 'unknown';
  readonly error: ErrorFacts | null;
}

const GROUPS: Readonly<Record<string, SpanGroup>> = {
  task: 'task',
  llm: 'model',
  cache: 'cache',
  ...groupOf('flow', 'sequential parallel conditional switch router map loop race distribute workflow invoke_workflow'),
  ...groupOf('resilience', 'retry timeout fallback circuit_breaker saga compensation bulkhead rate_limit hedge budget'),
  ...groupOf('flow', 'with_cost'),
  ...groupOf('model', 'chat text_completion generate_content embeddings'),
  ...groupOf('tool', 'execute_tool'),
  ...groupOf('agent', 'invoke_agent create_agent step'),
};
/** The operations that cost tokens. An agent or a workflow repeats those of its model calls: it is not among them. */
const MODEL_CALLS: ReadonlySet<string> = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);
const OUTCOMES: readonly RunStatus[] = RUN_STATUSES.filter((each) => each !== 'running' && each !== 'unfinished');
const FAILED: ReadonlySet<Outcome> = new Set<Outcome>(['failure', 'timeout', 'rejected']);
const CACHE_RESULTS = ['hit', 'stale', 'miss'] as const;
const SCOPE = 'tta-primitives';
const COMPOSITIONS: ReadonlySet<unknown> = new Set(['sequential', 'parallel', 'workflow']);
const CHARGED = ['tta.llm.cost_usd', 'tta.llm.metering', 'tta.llm.metered', 'tta.llm.priced'];
const TAG = 'tta.tag.';
const MOST_TAGS = 64;

function groupOf(group: SpanGroup, types: string): Record<string, SpanGroup> {
  return Object.fromEntries(types.split(' ').map((type) => [type, group]));
}

const known = new WeakMap<StudioSpan, SpanFacts>();

export function factsOf(span: StudioSpan): SpanFacts {
  const found = known.get(span);
  if (found !== undefined) return found;
  const facts = readFacts(span);
  known.set(span, facts);
  return facts;
}

function readFacts(span: StudioSpan): SpanFacts {
  const { attributes } = span;
  const operation = textOf(attributes['gen_ai.operation.name']);
  const primitive = textOf(attributes['tta.primitive.type']);
  const step = countOf(attributes['tta.agent.step']);
  const type = primitive ?? (step === null ? operation : 'step') ?? span.kind;
  const isModelCall = operation !== null && MODEL_CALLS.has(operation);
  const model = firstText(attributes, 'gen_ai.response.model', 'gen_ai.request.model');
  const outcome = outcomeOf(span);
  const { label, isNamed } = labelOf(span, primitive, step, isModelCall);
  const nanodollars = nanodollarsOf(attributes['tta.llm.cost_usd']) ?? (isModelCall && isFree(span) ? 0 : null);
  return {
    type,
    group: isModelCall ? 'model' : (entryOf(GROUPS, type) ?? 'other'),
    label,
    isNamed,
    isOurs: span.scope === SCOPE,
    isModelCall,
    workflow: workflowOf(span),
    outcome,
    hasFailed: FAILED.has(outcome),
    error: spanError(span),
    model,
    provider: firstText(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
    finishReasons: textsOf(attributes['gen_ai.response.finish_reasons']),
    tokens: {
      input: countOf(attributes['gen_ai.usage.input_tokens']),
      output: countOf(attributes['gen_ai.usage.output_tokens']),
      cached: countOf(attributes['gen_ai.usage.cache_read.input_tokens']),
      cacheWrite: countOf(attributes['gen_ai.usage.cache_write.input_tokens']),
      reasoning: countOf(attributes['gen_ai.usage.reasoning.output_tokens']),
    },
    nanodollars,
    unknownDollars: isModelCall && nanodollars === null ? whyUnknown(span) : null,
    firstChunkUs: microsecondsOf(
      attributes['tta.stream.time_to_first_chunk_seconds'] ?? attributes['gen_ai.response.time_to_first_chunk'],
    ),
    cache: CACHE_RESULTS.find((each) => each === attributes['tta.cache.result']) ?? null,
    savedNanodollars: nanodollarsOf(attributes['tta.cache.saved_usd']),
    retries: eventsOf(span, 'tta.retry').map((event) => ({
      attempt: countOf(event.attributes['tta.retry.attempt']) ?? 1,
      atUs: event.atUs,
      delayUs: microsecondsOf(event.attributes['tta.retry.delay_seconds']) ?? 0,
      error: eventError(event),
    })),
    retryResult: textOf(attributes['tta.retry.result']),
    attempts: countOf(attributes['tta.retry.attempts']),
    retryStoppedBy: textOf(attributes['tta.retry.stopped_by']),
    answeredBy: textOf(attributes['tta.fallback.answered_by']),
    fallbackFailures: eventsOf(span, 'tta.fallback').map((event) => ({
      label: textOf(event.attributes['tta.primitive.name']) ?? '',
      error: eventError(event) ?? { type: 'Error', message: '', stack: null, causes: [] },
    })),
    choice: firstText(attributes, 'tta.router.route', 'tta.conditional.branch', 'tta.switch.case', 'tta.race.winner'),
    hedge: textOf(attributes['tta.hedge.result']),
    circuitState: textOf(attributes['tta.circuit_breaker.state']),
    circuitChanges: eventsOf(span, 'tta.circuit_breaker.transition').map((event) => ({
      atUs: event.atUs,
      to: textOf(event.attributes['tta.circuit_breaker.to']) ?? '',
    })),
    timeoutUs: microsecondsOf(attributes['tta.timeout.seconds']),
    iterations: countOf(attributes['tta.loop.iterations']),
    mapItems: countOf(attributes['tta.map.items']),
    mapFailedItems: countOf(attributes['tta.map.failed_items']),
    compensations: compensationsOf(span),
    waits: waitsOf(span),
    job: jobOf(span),
    session: firstText(attributes, 'session.id', 'gen_ai.conversation.id'),
    correlation: textOf(attributes['tta.correlation.id']),
    tenant: textOf(attributes['tta.tenant']),
    tags: tagsOf(span),
    conversation: readConversation(attributes),
  };
}

function outcomeOf({ attributes, status }: StudioSpan): Outcome {
  const told = OUTCOMES.find((each) => each === attributes['tta.outcome']) as Outcome | undefined;
  return told ?? (status === 'error' ? 'failure' : 'success');
}

/** An unnamed model call of ours is called by its model, any other unnamed primitive by its kind. */
function labelOf(
  { attributes, name }: StudioSpan,
  primitive: string | null,
  step: number | null,
  isModelCall: boolean,
) {
  const named = firstText(attributes, 'tta.primitive.name', 'gen_ai.workflow.name', 'gen_ai.tool.name');
  const isNamed = named === null || primitive === null || named !== unnamed(primitive);
  if (named !== null && (isNamed || primitive !== 'llm')) return { label: named, isNamed };
  if (step !== null) return { label: name, isNamed: true };
  // Some programs name the agent on its model calls too.
  const agent = isModelCall ? [] : ['gen_ai.agent.name'];
  const other = firstText(attributes, ...agent, 'gen_ai.response.model', 'gen_ai.request.model');
  return { label: other ?? name, isNamed: other !== null || named === null };
}

/** `circuit_breaker` has no name: `CircuitBreakerPrimitive`. */
const unnamed = (type: string) =>
  `${type
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Primitive`;

/** An unnamed composition counts as a workflow too, under the name of its kind. */
function workflowOf({ attributes, scope }: StudioSpan): string | null {
  const named = textOf(attributes['gen_ai.workflow.name']);
  if (named !== null || scope !== SCOPE) return named;
  return COMPOSITIONS.has(attributes['tta.primitive.type']) ? textOf(attributes['tta.primitive.name']) : null;
}

const eventsOf = ({ events }: StudioSpan, name: string) => events.filter((event) => event.name === name);

/**
 * Our library tells what it charges when a call ends. A call that failed or was refused, and told no charge, was not
 * billed. A call that was cancelled may be charged later, when its span has ended.
 */
function isFree(span: StudioSpan): boolean {
  const outcome = outcomeOf(span);
  return (
    span.scope === SCOPE &&
    (outcome === 'failure' || outcome === 'rejected') &&
    CHARGED.every((each) => span.attributes[each] === undefined)
  );
}

function whyUnknown({ attributes }: StudioSpan): SpanFacts['unknownDollars'] {
  if (attributes['tta.llm.priced'] === false) return 'unpriced';
  return attributes['tta.llm.metered'] === false ? 'unmetered' : 'not told';
}

function jobOf({ attributes }: StudioSpan): JobFacts | null {
  const queue = textOf(attributes['tta.queue.name']);
  const delivery = countOf(attributes['tta.queue.delivery']);
  if (queue === null || delivery === null) return null;
  return { queue, delivery, waitUs: microsecondsOf(attributes['tta.queue.wait_seconds']) };
}

function compensationsOf(span: StudioSpan): readonly Compensation[] {
  return span.events.flatMap((event): Compensation[] => {
    const step = textOf(event.attributes['tta.saga.step']) ?? '';
    if (event.name === 'tta.saga.unknown_effect') return [{ step, result: 'unknown', error: null }];
    if (event.name !== 'tta.saga.compensation') return [];
    const isUndone = event.attributes['tta.status'] !== 'failure';
    return [{ step, result: isUndone ? 'undone' : 'failed', error: eventError(event) }];
  });
}

function tagsOf({ attributes }: StudioSpan): Readonly<Record<string, string>> {
  const tags: Record<string, string> = Object.create(null);
  let size = 0;
  for (const [key, value] of Object.entries(attributes)) {
    if (!key.startsWith(TAG) || value === null || typeof value === 'object') continue;
    if (size === MOST_TAGS) break;
    size += 1;
    tags[key.slice(TAG.length)] = String(value);
  }
  return tags;
}
