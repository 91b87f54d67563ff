import { createClient } from '@redis/client';
import type { RedisLike, RedisSubscriberLike } from '../../src/index.ts';

export interface TestClient extends RedisLike {
  /** Commands that were sent by `eval`. */
  readonly calls: number;
  subscriber(): Promise<RedisSubscriberLike>;
  destroy(): void;
}

/** A client of node-redis as the doc comments say. It connects again at once. */
export async function connectRedis(url: string): Promise<TestClient> {
  const options = { url, socket: { reconnectStrategy: 20 }, disableOfflineQueue: true };
  const client = createClient(options);
  client.on('error', () => {});
  await client.connect();
  const others: { destroy(): void }[] = [];
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    eval: (script, n, ...all) => {
      calls += 1;
      return client.eval(script, { keys: all.slice(0, n).map(String), arguments: all.slice(n).map(String) });
    },
    async subscriber() {
      const second = client.duplicate();
      second.on('error', () => {});
      await second.connect();
      others.push(second);
      const listeners: ((channel: string, message: string) => void)[] = [];
      return {
        subscribe: (channel) =>
          second.subscribe(channel, (message) => {
            for (const listener of listeners) listener(channel, message);
          }),
        on: (_, listener) => listeners.push(listener),
      };
    },
    destroy() {
      for (const each of [client, ...others]) each.destroy();
    },
  };
}

/** The same Redis with the clock of a test. @param micros the time in microseconds since the Unix epoch, a whole number */
export function timedRedis(client: RedisLike, micros: () => number): RedisLike {
  return {
    eval: (script, ...all) => {
      const [s, us] = [Math.floor(micros() / 1e6), micros() % 1e6];
      const clock = `local real = redis
        local redis = { call = function(name, ...) if name == 'TIME' then return { '${s}', '${us}' } end return real.call(name, ...) end }`;
      return client.eval(`${clock}\n${script}`, ...all);
    },
  };
}
