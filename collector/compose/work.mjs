/** What the workers of compose.yaml do: `tta worker work.mjs` does the work of each primitive that this file exports, by its name. */
import { retry, task } from 'tta-primitives';

const firstSentence = task('first-sentence', async (text, context) => {
  // In place of a call to a model or another service.
  await context.clock.sleep(200, context.signal);
  return text.split('.', 1)[0];
});

export const shorten = retry(firstSentence, { name: 'shorten', maxRetries: 2 });
