import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { beginModelCall } from '../../src/llm/begin-model-call.ts';
import type { ModelCallEnd, ModelCallStart } from '../../src/llm/model-call.ts';
import { captureWarnings } from '../support/warnings.ts';

let warnings: string[];
beforeEach(async () => {
  await loadCatalogue();
  warnings = captureWarnings();
});
afterEach(() => {
  vi.restoreAllMocks();
});

let models = 0;
const nextModel = () => {
  models += 1;
  return `model-${models}`;
};

function call(start: Partial<ModelCallStart>, end: Partial<ModelCallEnd> = {}) {
  const begun = beginModelCall({
    ...{ operation: 'chat', provider: 'litellm', model: undefined, requestBytes: 9, maxOutputTokens: undefined },
    ...{ serverAddress: undefined, serverPort: undefined, streams: false, resendCount: undefined },
    ...start,
  });
  const reply: ModelCallEnd = {
    ...{ model: undefined, id: undefined, finishReasons: [], metering: 'exact' },
    ...{ usage: { inputTokens: 1, outputTokens: 1 }, statedDollars: undefined, serviceTier: undefined },
    ...end,
  };
  return { reply, begun };
}
function answer(...args: Parameters<typeof call>) {
  const { begun, reply } = call(...args);
  begun.succeeded(reply);
}

it('says once of each model that it has no price', () => {
  const [one, other] = [nextModel(), nextModel()];
  for (const model of [one, one, other, one]) answer({ model });
  expect(warnings).toEqual([
    expect.stringContaining(`"litellm/${one}" has no price.`),
    expect.stringContaining(`"litellm/${other}" has no price.`),
  ]);
});

it('says once of each model that its tokens are not known, and tells the two apart', () => {
  const model = nextModel();
  answer({ model });
  for (const metering of ['unknown', 'estimate', 'unknown'] as const) {
    answer({ model }, { metering, usage: undefined });
  }
  expect(warnings).toEqual([
    expect.stringContaining(`"litellm/${model}" has no price.`),
    expect.stringContaining(`"litellm/${model}" gave a reply that does not say its tokens`),
  ]);
});

it('says nothing of calls that ended early, have a price, or are imaginary', () => {
  const model = nextModel();
  const { begun, reply } = call({ model }, { metering: 'unknown', usage: undefined });
  begun.cancelled(undefined, reply);
  answer({ provider: 'openai', model: 'gpt-4o' });
  answer({ model }, { statedDollars: 0 });
  for (const provider of ['fake', 'offline']) answer({ provider, model });
  expect(warnings).toEqual([]);
});

it('names no model that only a reply has named, and no end of others', () => {
  for (let i = 0; i < 100; i += 1) answer({ provider: 'openai' }, { model: `invented-${i}` });
  expect(warnings).toEqual([expect.stringMatching(/^a call to "openai" names no model that is known/)]);
  for (let i = 0; i < 100; i += 1) answer({ model: nextModel() });
  expect(warnings.length).toBeLessThanOrEqual(50);
});
