/** What an error says, of whatever library it is: is another try worth it, and does it count against a circuit? */

import { isAbort } from '../core/abort-error.ts';
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { isInconclusive } from '../core/refusals.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { readProperty } from '../platform/read-property.ts';
import type { Observation } from '../telemetry/record/callback.ts';
import { isDatabaseAnswer } from './database-errors.ts';
import { isMarked } from './do-not-retry.ts';
import { grpcKind, isFault, isThrottling, isTimeLimit, isUntrustedServer } from './error-kinds.ts';
import { errorsWithin, headerOf, innerErrors, statusOf } from './foreign-error.ts';
import { type Judgement, judgementOf } from './judgement.ts';
import { isNoAnswer, isReportedError, isUnpaid } from './model-errors.ts';

const TRANSIENT: Judgement = { retry: true, circuit: 'failure' };
const BROKEN: Judgement = { retry: false, circuit: 'failure' };
const ANSWER: Judgement = { retry: false, circuit: 'success' };
const REFUSED: Judgement = { retry: true, circuit: 'unknown' };
/** The caller's doing: an abort, a mistake in the program, a missing key. */
const CALLERS: Judgement = { retry: false, circuit: 'unknown' };

/** The 4xx after which the same request may succeed. */
const TRANSIENT_4XX = new Set([408, 409, 425, 429]);
/** Errors of ours that every repetition would bring again, a saga that is not undone, and a job that ends its workers. */
const FINAL = new Set<unknown>(['LoopLimitError', 'CompensationError', 'PayloadTooLargeError', 'JobDeadError']);
const FINAL_REFUSALS = new Set<unknown>([
  ...['NoRouteError', 'NoCaseError', 'BudgetExceededError'],
  ...['PayloadTooLargeError', 'StreamNotDistributableError'],
]);
/** Refusals of ours that say when they end; without that, they never do. */
const TIMED_REFUSALS = new Set<unknown>(['CircuitOpenError', 'RateLimitError']);

/** The default of `when`: errors of unknown kind are worth another try, and count against a circuit. */
export function judge(error: unknown): Judgement {
  const judged = judgeWithin(error, new Set()) ?? TRANSIENT;
  const retry = askedToRetry(error) ?? judged.retry;
  return retry === judged.retry ? judged : { ...judged, retry };
}

export function isTransient(error: unknown): boolean {
  return judge(error).retry;
}

/** Whether a `retry` or a `hedge` with this `when` tries again: never after an error that `doNotRetry` has marked. */
export function isWorthRetry(
  when: (error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>,
  error: unknown,
  context: ExecutionContext,
  observation: Observation,
): boolean | Promise<boolean> {
  return isMarked(error) ? false : decide(when, error, context, observation);
}

/** The header by which a server overrides the default of a client. */
function askedToRetry(error: unknown): boolean | undefined {
  for (const each of errorsWithin(error)) {
    const asked = headerOf(each, 'x-should-retry')?.toLowerCase();
    if (asked === 'true' || asked === 'false') return asked === 'true';
  }
  return undefined;
}

function judgeWithin(error: unknown, seen: Set<unknown>): Judgement | undefined {
  if (typeof error !== 'object' || error === null || seen.has(error) || seen.size > 16) return undefined;
  seen.add(error);
  return judgementOf(error) ?? judgeOwn(error, seen) ?? judgeCauses(error, seen);
}

function judgeCauses(error: object, seen: Set<unknown>): Judgement | undefined {
  const judged = innerErrors(error).map((inner) => judgeWithin(inner, seen));
  if (!Array.isArray(readProperty(error, 'errors'))) return judged.find((each) => each !== undefined);
  // Of several branches, one that may succeed is enough.
  return judged.some((each) => each === undefined || each.retry) ? TRANSIENT : judged[0];
}

function judgeOwn(error: object, seen: Set<unknown>): Judgement | undefined {
  if (isInconclusive(error)) return judgeRefusal(error);
  if (FINAL.has(readProperty(error, 'name'))) return BROKEN;
  if (isTimeLimit(error)) return TRANSIENT;
  if (isAbort(error)) return CALLERS;
  if (isNoAnswer(error) || isUnpaid(error)) return ANSWER;
  if (isThrottling(error)) return TRANSIENT;
  const status = statusOf(error);
  const isAnswer = status !== undefined && status < 500 && !TRANSIENT_4XX.has(status);
  if (isReportedError(error)) return isAnswer ? ANSWER : BROKEN;
  const isRetryable = readProperty(error, 'isRetryable') ?? readProperty(error, 'retryable');
  if (typeof isRetryable === 'boolean') {
    // Without a status there was no connection, and the cause says why.
    const why = isRetryable && status === undefined ? judgeCauses(error, seen) : undefined;
    return why?.retry === false ? why : { retry: isRetryable, circuit: isAnswer ? 'success' : 'failure' };
  }
  if (status !== undefined) return isAnswer ? ANSWER : TRANSIENT;
  if (isDatabaseAnswer(error)) return ANSWER;
  if (isUntrustedServer(error)) return BROKEN;
  if (isFault(error)) return CALLERS;
  const kind = grpcKind(error);
  return kind && { transient: TRANSIENT, answer: ANSWER }[kind];
}

/** A refusal of ours: another try helps only if it ends. */
function judgeRefusal(error: object): Judgement {
  const name = readProperty(error, 'name');
  const isFinal =
    FINAL_REFUSALS.has(name) || (TIMED_REFUSALS.has(name) && readProperty(error, 'retryAfterMs') === undefined);
  return isFinal ? CALLERS : REFUSED;
}
