/** A workflow of the library whose spans go to a Studio: each of its parts has something to show there. */

import type { Model } from '../../src/index.ts';
import {
  cache,
  doNotRetry,
  fallback,
  llm,
  llmStream,
  map,
  rateLimit,
  retry,
  saga,
  sequential,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { register } from '../../src/sdk/index.ts';

export interface TripOptions {
  /** Whether the last step of the booking fails. */
  readonly fails?: boolean;
  /** Whether the spans of the model calls have their messages. */
  readonly captureContent?: boolean;
  /** How many offers are compared, in a map. @default 6 */
  readonly offers?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

const prices = { 'trip-model': { input: 2, output: 8 } };

function model(): Model {
  const usage = { inputTokens: 120, outputTokens: 30, cachedInputTokens: 20 };
  return {
    id: 'trip-model',
    provider: 'test',
    generate: async ({ messages }) => ({ text: `Answer to ${messages.at(-1)?.content}`, usage, finishReason: 'stop' }),
    async *stream() {
      yield { text: 'By ' };
      yield { text: 'train', usage, finishReason: 'stop' };
    },
  } as Model;
}

/** Plans trips and sends the spans to the OTLP endpoint `url`. @returns the errors of the executions, in their order */
export async function planTrips(url: string, ...trips: readonly TripOptions[]): Promise<readonly unknown[]> {
  const sdk = await register({ prometheus: false, traces: { endpoint: url }, serviceName: 'travel' });
  try {
    const errors: unknown[] = [];
    for (const trip of trips) {
      const options = {
        context: { sessionId: 'session-7', correlationId: 'trip-42', tags: { city: 'Bern', ...trip.tags } },
      };
      errors.push(
        await tripOf(trip)
          .execute('Bern', options)
          .catch((error: unknown) => error),
      );
    }
    return errors;
  } finally {
    await sdk.shutdown();
  }
}

function tripOf({ fails = false, captureContent = false, offers = 6 }: TripOptions) {
  let asked = 0;
  const weather = task('weather', (_city: string) => {
    asked += 1;
    if (asked < 3) throw new Error(`the forecast of try ${asked} is not ready`);
    return 'sunny';
  });
  const forecast = retry(weather, { name: 'patient', maxRetries: 3, initialDelayMs: 15, jitter: 'none' });
  const paper = task('paper-map', (_weather: string): string => {
    throw new Error('the shop is closed');
  });
  const route = fallback(paper, [task('online-map', () => 'route')], { name: 'any-map' });
  const ask = llm(model(), { name: 'ask', prices, captureContent });
  const price = task('offer-price', async (i: number, { clock, signal }) => {
    await clock.sleep(i === 3 ? 40 : 4, signal);
    return `What is offer ${i}?`;
  });
  const compared = map(sequential(price, ask), { name: 'offers', concurrency: 3 });
  const question = task('question', () => 'Which one?');
  const known = sequential(question, cache(ask, { name: 'answers', key: (input) => JSON.stringify(input) }));
  const seat = rateLimit(question, { name: 'seats', permits: 1, perMs: 60, mode: 'wait' });
  const told = llmStream(model(), { name: 'tell', prices, captureContent });
  const read = task('read', async (texts: AsyncIterable<string>) => {
    let whole = '';
    for await (const text of texts) whole += text;
    return whole;
  });
  const pay = task('pay', () => {
    if (fails) throw doNotRetry(new Error('the bank refused', { cause: new TypeError('card expired') }));
    return 'paid';
  });
  const booking = saga([
    { name: 'hotel', do: task('hotel', (answer: string) => answer), compensate: task('cancel-hotel', () => {}) },
    { name: 'pay', do: pay },
  ]);
  return workflow(
    'trip',
    sequential(
      sequential(forecast, route),
      task('list', () => Array.from({ length: offers }, (_, i) => i)),
      compared,
      sequential(known, known),
      sequential(seat, seat),
      sequential(told, read),
      timeout(booking, { name: 'in-time', timeoutMs: 5_000 }),
    ),
  );
}
