import { afterEach, expect, it, onTestFinished } from 'vitest';
import { endChildren, runProgram } from '../support/child.ts';
import { startSpanReceiver } from '../support/span-receiver.ts';

afterEach(endChildren);

async function spansOf(options: string, env: Record<string, string> = {}) {
  const receiver = await startSpanReceiver();
  onTestFinished(receiver.close);
  const child = runProgram(
    `const sdk = await register(${options});
     const work = workflow('work', task('step', () => 1));
     for (let i = 0; i < 60; i += 1) await work.execute(i);
     await sdk.shutdown();`,
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env } },
  );
  expect(await child.exited).toMatchObject({ code: 0 });
  expect(receiver.spans.length).toBeGreaterThan(0);
  const ratios = new Set(receiver.spans.map(({ resource }) => resource['tta.sampling.ratio']));
  return { ratios: [...ratios], sampled: receiver.state().sampled };
}

it('spans say the share of the traces that is sent, so that who counts them knows that some are missing', async () => {
  expect(await spansOf('{ sampleRatio: 0.5 }')).toEqual({ ratios: [0.5], sampled: true });
  const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
  expect(await spansOf('{}', env)).toEqual({ ratios: [0.25], sampled: true });
});

it('spans of a program that sends every trace say nothing about it', async () => {
  expect(await spansOf('{}')).toEqual({ ratios: [undefined], sampled: false });
  expect(await spansOf('{}', { OTEL_TRACES_SAMPLER_ARG: '0.25' })).toEqual({ ratios: [undefined], sampled: false });
});
