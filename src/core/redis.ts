import type { Rule } from './check.ts';
import { having, number, optional } from './rules.ts';
import { measure } from './show.ts';

/** The part of an ioredis client that the stores of this package use. */
export interface RedisLike {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: (string | number)[]): PromiseLike<unknown>;
}

/** The part of an ioredis client in subscriber mode that a store uses. */
export interface RedisSubscriberLike {
  subscribe(channel: string): PromiseLike<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
}

export const redisClient: Rule<RedisLike> = having<RedisLike>('eval');
export const redisSubscriber: Rule<RedisSubscriberLike> = having<RedisSubscriberLike>('subscribe', 'on');

/** How long an execution waits for a store, at least one millisecond. */
export const storeTimeout = optional(number({ min: 1 }));

/** Numbers with all their digits: Redis cuts a number that a script returns to a whole one, and `tostring` rounds. */
export const LUA_EXACT = `local function exact(number) return string.format('%.17g', number) end`;

/** The time of Redis, which all processes share, in milliseconds. */
export const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000`;

/** The answer of a script, a list of `length` numbers; Redis gives them as texts or whole numbers. */
export function numbersFrom(answer: unknown, length: number, where: string): readonly number[] {
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  if (numbers.length === length && numbers.every((number) => Number.isFinite(number))) return numbers;
  throw new TypeError(`${where}: eval must give the answer of the script, got ${measure(answer)}`);
}
