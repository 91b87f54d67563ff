import type { Rule } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { count, having, optional } from '../core/rules.ts';
import type { BucketRules } from './token-bucket.ts';

/** The bucket of a rate limit that several processes share. */
export interface SharedBucket extends BucketRules {
  /** Names the bucket: the limit and its rules. */
  readonly bucket: string;
}

/** A question to a store: may this execution have its permits, now or in a while? */
export interface RateLimitRequest extends SharedBucket {
  readonly weight: number;
  /** How long the execution can wait, in milliseconds; `undefined` for any time. */
  readonly longestMs: number | undefined;
  /** Names the limit of the process that asks. It is given about once a second: it counts among those that use the bucket. */
  readonly process: string | undefined;
}

export interface RateLimitAnswer {
  /** Whether the execution has the permits. They are taken from the bucket already. */
  readonly granted: boolean;
  /** When there are enough permits, in milliseconds from now. A granted execution starts then. */
  readonly waitMs: number;
  /** The same moment in milliseconds of the store's clock: `giveBack` tells it. */
  readonly readyAt: number;
  /** How many permits the bucket holds now. It is below 0 while executions wait. */
  readonly available: number;
  /** How many limits of processes use the bucket; `undefined` where the question named none. */
  readonly processes: number | undefined;
  /** Another number where the store has lost the bucket, and has begun a new one: then those who wait ask again. @default 0 */
  readonly epoch?: number | undefined;
}

/** Permits that were granted, and are not used. */
export interface RateLimitReturn extends SharedBucket {
  readonly weight: number;
  /** The `readyAt` of the answer that granted them. */
  readonly readyAt: number;
  /** The `epoch` of that answer: a bucket that has begun since has not given these permits. */
  readonly epoch?: number | undefined;
}

/**
 * Where rate limits of several processes keep their bucket. A store may fail or be slow: then each process goes on with its
 * share of the limit. An execution waits for `take`, and nothing waits for `giveBack`.
 */
export interface RateLimitStore {
  /** How long an execution waits for an answer, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /** Among how many processes the limit is divided until the store has answered for the first time. @default 1 */
  readonly processes?: number | undefined;
  /** Takes the permits in one step that no other question can come between. The bucket may go below 0: those who wait have theirs. */
  take(request: RateLimitRequest): RateLimitAnswer | PromiseLike<RateLimitAnswer>;
  /** Puts permits back, but for those that others count on who came later. */
  giveBack(permits: RateLimitReturn): unknown;
}

export const processCount = optional(count);
const methods = having<RateLimitStore>('take', 'giveBack');

/** A store: an object with these methods. It may have more. */
export const rateLimitStore: Rule<RateLimitStore> = (where, option, value) => {
  methods(where, option, value);
  const { timeoutMs, processes } = value as RateLimitStore;
  storeTimeout(where, `${option}.timeoutMs`, timeoutMs);
  processCount(where, `${option}.processes`, processes);
};
