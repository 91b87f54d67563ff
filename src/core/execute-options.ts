import { isAbortSignal } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import { CancelScope } from './cancellation.ts';
import { fail, knownOptions, type Rule, type Rules, requirePlain, requireSignal } from './check.ts';
import { ambientContext, contextAround, ExecutionContext } from './context.ts';
import { otherVersion } from './copies.ts';
import { having, object, optional, text, word } from './rules.ts';
import type { ContextOptions, Tags, WorkflowContext } from './workflow-context.ts';

/** The options of one execution. */
export interface ExecuteOptions {
  /** When the signal aborts, the innermost wait ends, and the execution rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Ids, tags and clock of this run, or the context of a task. @default inherited from the execution around the call */
  readonly context?: WorkflowContext | ContextOptions | undefined;
}

// Only keys, no table of rules: these options are checked at each execution.
const KEYS = Object.keys({ signal: true, context: true } satisfies Readonly<Record<keyof ExecuteOptions, true>>);

/** How `execute` is given to a function that calls it with more than the input, such as `map` of a list. */
export const AS_CALLBACK = '(item) => primitive.execute(item)';

const tags: Rule<Tags> = (where, option, value) => {
  requirePlain(where, option, 'must be an object such as { team: … }', value);
  for (const [key, tag] of Object.entries(value as object)) {
    // A worker would refuse a job with it: what copies the tags could change a prototype.
    if (key === '__proto__') fail(where, option, 'must not have the key __proto__', value);
    if (tag === undefined || typeof tag === 'string' || typeof tag === 'number' || typeof tag === 'boolean') continue;
    fail(where, `${option}.${key}`, 'must be a text, a number, true or false', tag);
  }
};

const RULES: Rules<ContextOptions> = {
  workflowId: optional(text),
  sessionId: optional(text),
  correlationId: optional(text),
  tenant: optional(word),
  tags: optional(tags),
  clock: optional(having<Clock>('now', 'sleep', 'after')),
};
/** @throws TypeError when a field is wrong */
export const contextOptions = object(RULES);

/** The context for an execution: the given one, else that around the call. The given signal cancels it. */
export function contextFor(options: ExecuteOptions): ExecutionContext {
  knownOptions('ExecuteOptions', options, KEYS, hintFor(options));
  const { context, signal } = options;
  const base = contextFrom(context);
  if (signal === undefined) return base;
  requireSignal('ExecuteOptions', 'signal', signal);
  return base.within(CancelScope.under(base.scope, signal));
}

/** How values that belong into the options are written. */
function hintFor(options: unknown): string {
  if (typeof options === 'number') return `; write ${AS_CALLBACK}`;
  if (isAbortSignal(options)) return '; write { signal }';
  return options instanceof ExecutionContext ? '; write { context }' : '';
}

function contextFrom(given: ExecuteOptions['context']): ExecutionContext {
  if (given instanceof ExecutionContext) return given.fresh();
  if (given === undefined) return ambientContext();
  const elsewhere = otherVersion(given, 'inWorkflow');
  if (elsewhere !== '') throw new TypeError(`ExecuteOptions: context is a WorkflowContext${elsewhere}`);
  contextOptions('ExecuteOptions', 'context', given);
  return contextAround()?.with(given) ?? ExecutionContext.create(given);
}
