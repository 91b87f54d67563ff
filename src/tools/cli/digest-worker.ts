/** A process of `tta digest --workers`: it asks the models. */
import { ASKING, createAsking, TOKENS_PER_MINUTE } from '../digest/index.ts';
import { serveWorker } from '../worker/serve-worker.ts';
import { chooseModels } from './models.ts';

export interface AskingWork {
  readonly offline: boolean;
  /** Where the command serves the offline model. */
  readonly offlineURL: string | undefined;
  readonly small: string | undefined;
  readonly large: string | undefined;
  readonly timeoutMs: number;
  /** How many processes ask. */
  readonly workers: number;
}

serveWorker<AskingWork>(async (work) => {
  const models = await chooseModels({ ...work, env: process.env });
  const { timeoutMs, workers } = work;
  // The limit holds for all of them together.
  const asking = createAsking({ ...models, timeoutMs, tokensPerMinute: Math.floor(TOKENS_PER_MINUTE / workers) });
  return { primitives: { [ASKING]: asking }, lastError: models.lastError };
});
