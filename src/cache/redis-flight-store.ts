import { checkOptions, type Rules } from '../core/check.ts';
import { numbersFrom, type RedisLike, redisClient, storeTimeout } from '../core/redis.ts';
import { optional, word } from '../core/rules.ts';
import { type Flight, type FlightStore, leaseTime, longestWait } from './flight-store.ts';

export interface RedisFlightStoreOptions {
  /** The first part of every key in Redis. @default 'tta-flight:' */
  readonly prefix?: string | undefined;
  /** How long an execution waits for Redis, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /** For how long a run has its key if its process has died, in milliseconds. It is renewed while the run goes on. @default 10000 */
  readonly leaseMs?: number | undefined;
  /** How long an execution waits for the run of another process, in milliseconds. Then it runs itself. @default 60000 */
  readonly maxWaitMs?: number | undefined;
}

const RULES: Rules<RedisFlightStoreOptions> = {
  prefix: optional(word),
  timeoutMs: storeTimeout,
  leaseMs: leaseTime,
  maxWaitMs: longestWait,
};

/**
 * For how long it is told that a run has ended, in milliseconds: a process that had looked for its value before, and asks for
 * the key afterwards, must look again.
 */
const DONE_MS = 5_000;
const DONE = 'done';

const ANSWERS = ['held', 'taken', 'done'] as const;

const BEGIN = `
local held = redis.call('GET', KEYS[1])
if not held or held == ARGV[1] or (held == '${DONE}' and ARGV[3] == '1') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return { 1 }
end
if held == '${DONE}' then return { 2 } end
return { 0 }
`;

const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
return { redis.call('PEXPIRE', KEYS[1], ARGV[2]) }
`;

/** Only who has the key gives it free: after a pause it may be another's. */
const END = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0 } end
if ARGV[3] == '1' then redis.call('SET', KEYS[1], '${DONE}', 'PX', ${DONE_MS}) else redis.call('DEL', KEYS[1]) end
return { 1 }
`;

/**
 * Tells the caches of other processes in Redis or Valkey what this one runs, so that they wait for its value, which they find in
 * the `store` of the cache. It saves runs and is no lock: two runs for one key must do no harm. The client remains yours, as
 * with `redisBudgetStore`, which says how to give a client of node-redis.
 *
 * @example
 * const flights = redisFlightStore(redis); // const redis = new Redis('redis://localhost:6379') of ioredis
 * const once = cache(summarise, { key: (text: string) => text, ttlMs: 3_600_000, store: keyvStore(keyv), flights });
 * @throws TypeError, RangeError when an option is wrong
 */
export function redisFlightStore(client: RedisLike, options: RedisFlightStoreOptions = {}): FlightStore {
  checkOptions('RedisFlightStoreOptions', options, RULES);
  redisClient('redisFlightStore', 'client', client);
  const { prefix = 'tta-flight:', timeoutMs, leaseMs, maxWaitMs } = options;

  async function run(script: string, { key, token, leaseMs }: Flight, flag = false): Promise<number> {
    const answer = await client.eval(script, 1, prefix + key, token, Math.ceil(leaseMs), flag ? 1 : 0);
    return numbersFrom(answer, 1, 'redisFlightStore')[0] as number;
  }

  return {
    timeoutMs,
    leaseMs,
    maxWaitMs,
    begin: async (flight, again) => ANSWERS[await run(BEGIN, flight, again)] ?? 'held',
    renew: (flight) => run(RENEW, flight),
    end: (flight, isKept) => run(END, flight, isKept),
  };
}
