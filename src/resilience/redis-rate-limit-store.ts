import { checkOptions, type Rules } from '../core/check.ts';
import { LUA_EXACT, LUA_NOW, numbersFrom, type RedisLike, redisClient, storeTimeout } from '../core/redis.ts';
import { optional, word } from '../core/rules.ts';
import { ROUNDING } from './meter.ts';
import { processCount, type RateLimitStore, type SharedBucket } from './rate-limit-store.ts';

export interface RedisRateLimitStoreOptions {
  /** The first part of every key in Redis. @default 'tta-rate-limit:' */
  readonly prefix?: string | undefined;
  /** How long an execution waits for Redis, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * Among how many processes the limit is divided until Redis has answered for the first time. Then it is divided among those
   * that have used it within the last minute; two limits of one process count twice. @default 1
   */
  readonly processes?: number | undefined;
}

const RULES: Rules<RedisRateLimitStoreOptions> = {
  prefix: optional(word),
  timeoutMs: storeTimeout,
  processes: processCount,
};

/** A process that has not used a bucket for so long does not count, in milliseconds. */
const FORGOTTEN_MS = 60_000;
/** A bucket is kept at most this long, in milliseconds: about ten years. */
const LONGEST_MS = 3e11;

/**
 * Both scripts begin so, with the arithmetic of `token-bucket.ts`. A bucket that does not exist is full. If the time of
 * Redis goes back, as after a failover, it counts from there: the bucket must not stand still until then.
 */
const BEGIN = `
local key, permits, perMs, burst, weight = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
${LUA_EXACT}
${LUA_NOW}
local kept = redis.call('HMGET', key, 'available', 'at', 'ready', 'epoch')
local available, at, last = tonumber(kept[1] or burst), tonumber(kept[2] or now), tonumber(kept[3] or now)
local epoch = tonumber(kept[4] or now)
available = math.min(burst, available + math.max(0, now - at) * permits / perMs)
local function keep(ready)
  redis.call('HSET', key, 'available', exact(available), 'at', exact(now), 'ready', exact(ready),
    'epoch', exact(epoch))
  local fullMs = math.min(${LONGEST_MS}, math.ceil((burst - available) * perMs / permits) + 1000)
  redis.call('PEXPIRE', key, string.format('%.0f', fullMs))
end
`;

const TAKE = `${BEGIN}
local longest, process, waitMs, processes = ARGV[5], ARGV[6], 0, 0
local missing = weight - available
if missing > ${ROUNDING} * burst then waitMs = missing * perMs / permits end
local granted = longest == '' or waitMs <= tonumber(longest)
if granted then
  available = available - weight
  if waitMs == 0 then available = math.max(0, available) end
  keep(now + waitMs)
end
if process ~= '' then
  redis.call('ZADD', KEYS[2], now, process)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ${FORGOTTEN_MS})
  redis.call('PEXPIRE', KEYS[2], ${FORGOTTEN_MS})
  processes = redis.call('ZCARD', KEYS[2])
end
return { granted and 1 or 0, exact(waitMs), exact(now + waitMs), exact(available), processes, exact(epoch) }
`;

/**
 * What was reserved later counts on the time that these permits would have taken. Permits of a bucket that Redis has lost
 * meanwhile are not in the one that it has now.
 */
const GIVE_BACK = `${BEGIN}
local ready = tonumber(ARGV[5])
local back = math.min(weight, weight - (last - ready) * permits / perMs)
if back > 0 and kept[1] and (ARGV[6] == '' or tonumber(ARGV[6]) == epoch) then
  available = math.min(burst, available + back)
  if last == ready then last = ready - back * perMs / permits end
  keep(last)
end
return { exact(available) }
`;

/**
 * Keeps the bucket of a rate limit in Redis or Valkey, where all processes take their permits: together they never start
 * more than one bucket allows. Limits with the same `name` and the same rules share a bucket. Each step is one script, with
 * the time of Redis. If Redis does not answer, each process goes on with its share, the limit divided by the number of
 * processes. The client remains yours, as with `redisBudgetStore`, which says how to give a client of node-redis.
 *
 * @example
 * const store = redisRateLimitStore(redis); // const redis = new Redis('redis://localhost:6379') of ioredis
 * const steady = rateLimit(ask, { name: 'provider', algorithm: 'bucket', permits: 100, perMs: 1_000, burst: 10, store });
 * @throws TypeError, RangeError when an option is wrong
 */
export function redisRateLimitStore(client: RedisLike, options: RedisRateLimitStoreOptions = {}): RateLimitStore {
  checkOptions('RedisRateLimitStoreOptions', options, RULES);
  redisClient('redisRateLimitStore', 'client', client);
  const { prefix = 'tta-rate-limit:', timeoutMs, processes } = options;

  async function run(
    script: string,
    of: SharedBucket & { weight: number },
    length: number,
    ...more: (string | number)[]
  ) {
    // A cluster keeps keys with the same text in braces together.
    const key = `${prefix}{limit:${of.bucket}}`;
    const { permits, perMs, burst, weight } = of;
    const answer = await client.eval(script, 2, key, `${key}:processes`, permits, perMs, burst, weight, ...more);
    return numbersFrom(answer, length, 'redisRateLimitStore');
  }

  return {
    timeoutMs,
    processes,
    async take(request) {
      const { longestMs = '', process = '' } = request;
      const numbers = await run(TAKE, request, 6, longestMs, process);
      const [granted, waitMs, readyAt, available, count, epoch] = numbers as [
        ...[number, number, number, number],
        ...[number, number],
      ];
      const processes = count === 0 ? undefined : count;
      return { granted: granted === 1, waitMs, readyAt, available, processes, epoch };
    },
    giveBack: (permits) => run(GIVE_BACK, permits, 1, permits.readyAt, permits.epoch ?? ''),
  };
}
