import { checkOptions, type Rules } from '../core/check.ts';
import {
  LUA_EXACT,
  LUA_NOW,
  numbersFrom,
  type RedisLike,
  type RedisSubscriberLike,
  redisClient,
  redisSubscriber,
  storeTimeout,
} from '../core/redis.ts';
import { count, optional, word } from '../core/rules.ts';
import { type CircuitAnswer, type CircuitStore, lookTime } from './circuit-store.ts';

export interface RedisCircuitStoreOptions {
  /** The first part of every key in Redis, and the channel of the changes. @default 'tta-circuit:' */
  readonly prefix?: string | undefined;
  /** How long an execution waits for Redis, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * A second client, which hears of changes at once (ioredis: `redis.duplicate()`). It is subscribed when the store is first
   * used. @default none: changes are found by looking
   */
  readonly subscriber?: RedisSubscriberLike | undefined;
  /**
   * How often a process that uses a closed circuit looks whether another has opened it, in milliseconds.
   * @default 1000; 30000 with a `subscriber`
   */
  readonly lookMs?: number | undefined;
  /**
   * How many processes must find the dependency broken within `openMs` before the circuit opens for all. Until then it opens
   * for those that do. With 1, one process whose own network fails stops all of them. @default 1
   */
  readonly minProcesses?: number | undefined;
}

const RULES: Rules<RedisCircuitStoreOptions> = {
  prefix: optional(word),
  timeoutMs: storeTimeout,
  subscriber: optional(redisSubscriber),
  lookMs: lookTime,
  minProcesses: optional(count),
};

const LOOK_MS = 1_000;
/** With a subscriber, looking finds only what was published while its connection was cut. */
const LOOK_RARELY_MS = 30_000;
/** The changes of so many circuits are kept apart; then all of them are looked at once. */
const MOST_CHANGES = 10_000;
const LONGEST_MESSAGE = 2_000;
/** How long a circuit is known that nothing asks for, in milliseconds. */
const KEPT_MS = 600_000;

/**
 * `circuit.ts` in Redis, with its time. A circuit without a key is closed. One that has closed is kept for a while, so that
 * results from before do not open it again. The time is a part of an epoch: it stays unique if Redis loses its data. No
 * circuit is open for longer than the rules say, also where the time of Redis goes back, as after a failover.
 */
const STEP = `
local key, votes, channel, step = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local known, openMs, factor, maxOpenMs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local probes, process, minProcesses, changed = tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9]), ARGV[10]
${LUA_EXACT}
${LUA_NOW}
local kept = redis.call('HMGET', key, 'state', 'epoch', 'next', 'openings', 'running', 'succeeded')
local state = kept[1] or 'closed'
local epoch, next, openings = tonumber(kept[2] or 0), tonumber(kept[3] or 0), tonumber(kept[4] or 0)
local running, succeeded = tonumber(kept[5] or 0), tonumber(kept[6] or 0)
local before, touched, admitted = epoch, false, 0
if not (next <= now + maxOpenMs) then next = now + maxOpenMs end
local function become(to)
  state, epoch, running, succeeded, touched = to, math.max(epoch + 1, math.floor(now)), 0, 0, true
end
local function open(times)
  become('open')
  openings, next = times, now + math.min(maxOpenMs, openMs * factor ^ (times - 1))
end
local function admit()
  running, admitted, touched = running + 1, 1, true
end
if step == 'open' then
  if state == 'closed' and (known == 0 or epoch == 0 or known == epoch) then
    local agreed = 1
    if minProcesses > 1 then
      redis.call('ZADD', votes, now, process)
      redis.call('ZREMRANGEBYSCORE', votes, '-inf', now - openMs)
      redis.call('PEXPIRE', votes, string.format('%.0f', openMs + 1000))
      agreed = redis.call('ZCARD', votes)
    end
    if agreed >= minProcesses then open(1) end
  end
elseif step == 'admit' then
  if state == 'closed' then
    admitted = 1
  elseif state == 'open' then
    if now >= next then
      become('half_open')
      next = now + openMs
      admit()
    end
  elseif running + 1 + succeeded <= probes then
    admit()
  elseif now >= next then
    next = now + openMs
    admit()
  end
elseif step ~= 'look' and state == 'half_open' and known == epoch then
  touched = true
  if step == 'failed' then
    open(openings + 1)
  else
    running = running - 1
    if step == 'succeeded' then succeeded = succeeded + 1 end
    if succeeded >= probes then
      become('closed')
      redis.call('DEL', votes)
    end
  end
end
local leftMs = 0
if state ~= 'closed' then leftMs = math.max(0, next - now) end
if touched then
  redis.call('HSET', key, 'state', state, 'epoch', exact(epoch), 'next', exact(next), 'openings', openings,
    'running', running, 'succeeded', succeeded)
  redis.call('PEXPIRE', key, string.format('%.0f', leftMs + openMs + ${KEPT_MS}))
  if epoch ~= before then redis.call('PUBLISH', channel, changed) end
end
local states = { closed = 0, open = 1, half_open = 2 }
return { states[state] or -1, exact(epoch), exact(leftMs), openings, admitted }
`;

const STATES = ['closed', 'open', 'half_open'] as const;

/**
 * Keeps the circuits of circuit breakers in Redis or Valkey: when one process opens a circuit, it opens in all, and all of them
 * together try `halfOpenProbes` calls. Circuit breakers with the same `name` and the same rules share their circuit, or their
 * circuits if they have a `key`. Each process counts results by itself; Redis is asked when something changes, and not for
 * the calls of a closed circuit. The clients remain yours, as with `redisBudgetStore`, which says how to give one of node-redis.
 *
 * @example
 * const store = redisCircuitStore(redis, { subscriber: redis.duplicate() }); // const redis = new Redis(url) of ioredis
 * const guarded = circuitBreaker(ask, { name: 'provider', consecutiveFailures: 5, openMs: 10_000, store });
 * @throws TypeError, RangeError when an option is wrong
 */
export function redisCircuitStore(client: RedisLike, options: RedisCircuitStoreOptions = {}): CircuitStore {
  checkOptions('RedisCircuitStoreOptions', options, RULES);
  redisClient('redisCircuitStore', 'client', client);
  const { prefix = 'tta-circuit:', timeoutMs, subscriber, lookMs, minProcesses = 1 } = options;
  const keyOf = (circuit: string) => `${prefix}{circuit:${circuit}}`;
  const changes = subscriber && new Changes(subscriber, prefix);

  return {
    timeoutMs,
    get lookMs() {
      return lookMs ?? (changes?.isHeard === true ? LOOK_RARELY_MS : LOOK_MS);
    },
    async step({ circuit, step, epoch, openMs, openFactor, maxOpenMs, halfOpenProbes, process }) {
      changes?.hear();
      const key = keyOf(circuit);
      const rules = [openMs, openFactor, maxOpenMs, halfOpenProbes];
      const answer = await client.eval(
        STEP,
        2,
        key,
        `${key}:votes`,
        prefix,
        step,
        epoch,
        ...rules,
        process,
        minProcesses,
        // A client may put a prefix before the keys, which this process does not see.
        key,
      );
      return answerFrom(answer);
    },
    version: (circuit) => changes?.of(keyOf(circuit)) ?? 0,
  };
}

function answerFrom(given: unknown): CircuitAnswer {
  const numbers = numbersFrom(given, 5, 'redisCircuitStore');
  const [number, epoch, leftMs, openings, admitted] = numbers as [number, number, number, number, number];
  const state = STATES[number];
  if (state === undefined) throw new TypeError('redisCircuitStore: Redis has a circuit in a state that is unknown');
  return { state, epoch, leftMs, openings, admitted: admitted === 1 };
}

/** Hears which circuits have changed. A message has only a key: who believes it asks Redis. */
class Changes {
  readonly #subscriber: RedisSubscriberLike;
  readonly #channel: string;
  readonly #versions = new Map<string, number>();
  #last = 0;
  #rest = 0;
  #hasBegun = false;
  isHeard = false;

  constructor(subscriber: RedisSubscriberLike, channel: string) {
    this.#subscriber = subscriber;
    this.#channel = channel;
    subscriber.on('message', (heard, key) => {
      if (heard === channel && key.length <= LONGEST_MESSAGE) this.#changed(key);
    });
  }

  /** Subscribes, again where that has failed. */
  hear(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const failed = () => {
      this.#hasBegun = false;
    };
    try {
      Promise.resolve(this.#subscriber.subscribe(this.#channel)).then(() => {
        this.isHeard = true;
      }, failed);
    } catch {
      failed();
    }
  }

  of(key: string): number {
    return this.#versions.get(key) ?? this.#rest;
  }

  #changed(key: string): void {
    this.#last += 1;
    if (this.#versions.size >= MOST_CHANGES) {
      this.#versions.clear();
      this.#rest = this.#last;
    }
    this.#versions.set(key, this.#last);
  }
}
