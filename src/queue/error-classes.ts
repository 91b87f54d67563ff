/** The classes of errors that cross a queue as what they are, and the properties that cross with them. */
import { CompensationError, LoopLimitError, PrimitiveTimeoutError, RaceError } from '../core/errors.ts';
import {
  BudgetExceededError,
  BulkheadFullError,
  CacheCycleError,
  CircuitOpenError,
  NoCaseError,
  NoRouteError,
  RateLimitError,
} from '../core/refusals.ts';
import { ModelReplyError, type ModelReplyFacts } from '../llm/reply-error.ts';
import { readProperty } from '../platform/read-property.ts';
import { MAX_FACT } from './error-room.ts';
import {
  CallerAwayError,
  JobDeadError,
  JobLostError,
  PayloadTooLargeError,
  QueueAwayError,
  QueueFullError,
  StreamNotDistributableError,
  UnreadableReplyError,
} from './errors.ts';
import { either, finite, flag, type Guard, listOf, oneOf, tableOf, text } from './shape.ts';

/** A guard for each property. One that is `undefined` is left out. */
export type Facts = Readonly<Record<string, Guard<unknown>>>;

/** What a class of ours has beside name, message, verdict and cause. */
export interface OwnError {
  readonly made: new (...args: never) => Error;
  /** The properties that cross. What only a getter gives is a user's data, and stays where it is. */
  readonly facts: Facts;
  /** Where the facts are. @default the error */
  readonly factsOf?: (error: object) => object;
  /** The errors inside, beside the cause. @default `errors`, if it is a list of errors */
  readonly errorsOf?: (error: object) => readonly unknown[];
  /** Makes the error again. @default an instance made without the constructor, with the facts as its properties */
  readonly build?: (parts: ErrorParts) => Error;
}

/** What an error is made of again. The facts are checked. */
export interface ErrorParts {
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** With `cause`, or empty. */
  readonly options: ErrorOptions;
  readonly errors: readonly unknown[] | undefined;
}

const WORD = text(MAX_FACT);

/** What of another library's error crosses, beside what every record has. */
export const FOREIGN_FACTS: Facts = {
  code: either(WORD, finite),
  status: finite,
  statusCode: finite,
  type: WORD,
  syscall: WORD,
  details: WORD,
  requestID: WORD,
  request_id: WORD,
  isRetryable: flag,
  retryable: flag,
  retryAfterMs: finite,
};

/** The classes of the language that cross, beside `Error` itself. */
export const BUILT_IN: Readonly<Record<string, abstract new (...args: never) => Error>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
};

const words = listOf(WORD, 64);
const primitiveName = { primitiveName: WORD };
const queueName = { queueName: WORD };
const jobId = { ...queueName, jobId: WORD };
const retryAfterMs = { retryAfterMs: finite };

const BUDGET = { limitUsd: finite, spentUsd: finite, heldUsd: finite, neededUsd: finite, until: finite };
const REPLY = { code: either(WORD, finite), reason: WORD, said: WORD };

export const OWN_ERRORS: Readonly<Record<string, OwnError>> = {
  PrimitiveTimeoutError: { made: PrimitiveTimeoutError, facts: { ...primitiveName, timeoutMs: finite } },
  LoopLimitError: { made: LoopLimitError, facts: { ...primitiveName, maxIterations: finite } },
  RaceError: { made: RaceError, facts: primitiveName },
  CompensationError: {
    made: CompensationError,
    facts: { ...primitiveName, compensations: finite, steps: words },
    factsOf: (error) => ({
      primitiveName: readProperty(error, 'primitiveName'),
      compensations: readProperty(error, 'compensations'),
      steps: listIn(error, 'failures').map((failure) => readProperty(failure, 'step')),
    }),
    errorsOf: (error) => listIn(error, 'failures').map((failure) => readProperty(failure, 'error')),
    build: ({ facts, errors = [], options }) => {
      const { primitiveName = '', compensations = 0, steps = [] } = facts as CompensationFacts;
      const failures = errors.map((error, i) => ({ step: steps[i] ?? '', error }));
      return new CompensationError(primitiveName, compensations, failures, options.cause);
    },
  },
  NoRouteError: { made: NoRouteError, facts: { ...primitiveName, routes: words } },
  NoCaseError: { made: NoCaseError, facts: { ...primitiveName, cases: words } },
  CircuitOpenError: { made: CircuitOpenError, facts: { ...primitiveName, ...retryAfterMs, until: finite } },
  BulkheadFullError: { made: BulkheadFullError, facts: { ...primitiveName, concurrency: finite, maxQueue: finite } },
  RateLimitError: { made: RateLimitError, facts: { ...primitiveName, ...retryAfterMs, weight: finite } },
  CacheCycleError: { made: CacheCycleError, facts: primitiveName },
  BudgetExceededError: { made: BudgetExceededError, facts: { ...primitiveName, ...BUDGET } },
  ModelReplyError: {
    made: ModelReplyError,
    facts: {
      ...REPLY,
      usage: tableOf(finite),
      reply: tableOf(either(WORD, finite)),
    },
    build: ({ message, facts, options }) => {
      const { usage, ...rest } = facts as ModelReplyFacts & { readonly usage?: ModelReplyError['usage'] };
      return new ModelReplyError(message, usage, { ...rest, ...options });
    },
  },
  QueueFullError: { made: QueueFullError, facts: { ...queueName, maxWaiting: finite } },
  QueueAwayError: { made: QueueAwayError, facts: queueName },
  JobLostError: { made: JobLostError, facts: jobId },
  JobDeadError: { made: JobDeadError, facts: jobId },
  StreamNotDistributableError: { made: StreamNotDistributableError, facts: primitiveName },
  PayloadTooLargeError: { made: PayloadTooLargeError, facts: { what: oneOf('input', 'output'), maxBytes: finite } },
  UnreadableReplyError: { made: UnreadableReplyError, facts: jobId },
  CallerAwayError: { made: CallerAwayError, facts: { ...queueName, silentMs: finite } },
};

interface CompensationFacts {
  readonly primitiveName?: string;
  readonly compensations?: number;
  readonly steps?: readonly string[];
}

function listIn(error: object, key: string): readonly unknown[] {
  const list = readProperty(error, key);
  return Array.isArray(list) ? list : [];
}
