/** Sends texts to the workers of compose.yaml, five at the same time, until it is told to stop. */
import { timeout, workflow } from 'tta-primitives';
import { bullmqQueue, distribute } from 'tta-primitives/queue';
import { shorten } from './work.mjs';

const queue = bullmqQueue('texts', { url: process.env.REDIS_URL });
const remote = distribute('shorten', shorten, { queue });
const shortened = workflow('shorten-text', timeout(remote, { timeoutMs: 30_000 }));
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

async function call() {
  while (!stopping.signal.aborted) {
    try {
      await shortened.execute('A text. It has more than one sentence.', { signal: stopping.signal });
    } catch (error) {
      if (!stopping.signal.aborted) console.error(`not shortened: ${error}`);
      await new Promise((done) => setTimeout(done, 1_000));
    }
  }
}

await Promise.all(Array.from({ length: 5 }, call));
await queue.close();
