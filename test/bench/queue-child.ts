/** One end of a queue, in a process of its own: a worker, or a caller that measures what it is asked to. */
import { quantile } from './measure.js';
import type { Kind } from './queue-ends.js';
import { startSdk } from './sdk.js';

/** What a caller is asked to do: so many calls of so many bytes, so many at a time. */
export interface Round {
  readonly bytes: number;
  readonly count: number;
  readonly together: number;
}

export interface RoundResult {
  /** The middle one, in milliseconds. */
  readonly latency: number;
  /** Jobs in a second. */
  readonly rate: number;
}

const [role, kind = '', url = '', name = '', concurrency, workMs] = process.argv.slice(2);
if (kind === 'ours' || kind === 'by hand') startSdk(true);
// Instruments that are made before the SDK is there are without effect for ever.
const { caller, startEcho } = await import('./queue-ends.js');

async function measure(call: (text: string) => Promise<unknown>, { bytes, count, together }: Round) {
  const text = 'x'.repeat(bytes);
  const times: number[] = [];
  let left = count;
  const start = performance.now();
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const begun = performance.now();
      await call(text);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return { latency: quantile(times, 0.5), rate: count / ((performance.now() - start) / 1_000) };
}

const end = { url, name };
if (role === 'worker') await startEcho(kind as Kind, end, { concurrency: Number(concurrency), workMs: Number(workMs) });
const call = role === 'caller' ? caller(kind as Kind, end) : undefined;
process.on('message', async (message: Round | 'usage') => {
  if (message === 'usage') process.send?.(process.cpuUsage());
  else if (call !== undefined) process.send?.((await measure(call, message)) satisfies RoundResult);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
