import { checkOptions, type Rules } from '../core/check.ts';
import { type RedisLike, redisClient, storeTimeout } from '../core/redis.ts';
import { number, optional, word } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { dollarsOf, nanodollars } from '../ledger/budget.ts';
import type { BudgetStore } from './budget-store.ts';

export interface RedisBudgetStoreOptions {
  /** The first part of every key in Redis. @default 'tta-budget:' */
  readonly prefix?: string | undefined;
  /** How long a budget waits for Redis, in milliseconds. @default 1000 */
  readonly timeoutMs?: number | undefined;
  /**
   * How long money is held for a call that does not end, because its process has died, in milliseconds. It must be longer
   * than calls take: the money of a call that takes longer is free before its end. @default 900000
   */
  readonly reservationTtlMs?: number | undefined;
}

const RULES: Rules<RedisBudgetStoreOptions> = {
  prefix: optional(word),
  timeoutMs: storeTimeout,
  reservationTtlMs: optional(number({ min: 1 })),
};

/**
 * Both scripts begin so. KEYS: a hash with what is `spent` and `held`, and a sorted set of the ids by the time at which
 * they may be forgotten: `h:ID:AMOUNT` holds money, `s:ID` is settled. Money that is held for too long is given free. The
 * time is that of Redis, which all processes share.
 */
const BEGIN = `
local account, ids, id, held, lasts, keepMs = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', ids, '-inf', now)) do
  local amount = string.match(old, '^h:.*:(%d+)$')
  if amount then redis.call('HINCRBY', account, 'held', '-' .. amount) end
  redis.call('ZREM', ids, old)
end
local holds, settled = 'h:' .. id .. ':' .. held, 's:' .. id
local function note(what) redis.call('ZADD', ids, now + lasts, what) end
local function keep()
  if keepMs == '' then return end
  redis.call('PEXPIRE', account, keepMs)
  redis.call('PEXPIRE', ids, keepMs)
end
local function sum(name) return tonumber(redis.call('HGET', account, name) or '0') end
`;

/** Redis may run a script twice, where a client sends it again after a cut connection: each id counts once. */
const RESERVE = `${BEGIN}
local limit = tonumber(ARGV[5])
local known = redis.call('ZSCORE', ids, holds) or redis.call('ZSCORE', ids, settled)
local used = sum('spent') + sum('held')
local granted = known or (used < limit and used + held <= limit)
if granted and not known and held ~= '0' then
  redis.call('HINCRBY', account, 'held', held)
  note(holds)
  keep()
end
return { granted and 1 or 0, sum('spent'), sum('held') }
`;

const SETTLE = `${BEGIN}
if not redis.call('ZSCORE', ids, settled) then
  if redis.call('ZREM', ids, holds) == 1 then redis.call('HINCRBY', account, 'held', '-' .. held) end
  redis.call('HINCRBY', account, 'spent', ARGV[5])
  note(settled)
  keep()
end
return { 1, sum('spent'), sum('held') }
`;

/**
 * Keeps what budgets spend in Redis or Valkey, where other processes share it. Budgets with the same `name`, `per` and
 * `windowMs` are one budget. Each step is one script in Redis: calls that begin in several processes at the same time
 * cannot hold the same money. The client remains yours: you connect it, listen to its errors and disconnect it. With
 * node-redis, write `{ eval: (script, n, ...all) => client.eval(script, { keys: all.slice(0, n), arguments: all.slice(n).map(String) }) }`.
 *
 * @example
 * const store = redisBudgetStore(redis); // const redis = new Redis('redis://localhost:6379') of ioredis
 * const answer = budget(ask, { name: 'answers', limitUsd: 20, per: 'tenant', windowMs: 86_400_000, store });
 * @throws TypeError, RangeError when an option is wrong
 */
export function redisBudgetStore(client: RedisLike, options: RedisBudgetStoreOptions = {}): BudgetStore {
  checkOptions('RedisBudgetStoreOptions', options, RULES);
  redisClient('redisBudgetStore', 'client', client);
  const { prefix = 'tta-budget:', timeoutMs, reservationTtlMs = 900_000 } = options;

  async function run(
    script: string,
    { account, id, now, expiresAt }: { account: string; id: string; now: number; expiresAt: number | undefined },
    heldUsd: number,
    last: number,
  ) {
    // A cluster keeps keys with the same text in braces together.
    const key = `${prefix}{budget:${account}}`;
    const keepMs = expiresAt === undefined ? '' : Math.max(1, Math.ceil(expiresAt - now));
    const sums = [nanodollars(heldUsd), Math.ceil(reservationTtlMs), keepMs, last];
    const answer = await client.eval(script, 2, key, `${key}:ids`, id, ...sums);
    const [granted, spent, held] = Array.isArray(answer) ? answer.map(Number) : [];
    if (spent === undefined || held === undefined)
      throw new TypeError(`redisBudgetStore: eval must give the answer of the script, got ${measure(answer)}`);
    return { granted: granted === 1, spentUsd: dollarsOf(spent), heldUsd: dollarsOf(held) };
  }

  return {
    timeoutMs,
    reserve: (reservation) => run(RESERVE, reservation, reservation.dollars, nanodollars(reservation.limitUsd)),
    settle: (settlement) => run(SETTLE, settlement, settlement.heldUsd, nanodollars(settlement.dollars)),
  };
}
