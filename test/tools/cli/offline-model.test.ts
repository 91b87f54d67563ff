import { beforeAll, describe, expect, it } from 'vitest';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

describe('tta offline-model', () => {
  it('prints what a program needs in its environment, and answers any model name until Ctrl-C', async () => {
    const run = tta(['offline-model', '--port', '0']);
    await run.waitForStderr(/Ctrl-C ends it/);
    const [, url] = await run.waitForStdout(
      /^export OPENAI_BASE_URL=(http:\/\/127\.0\.0\.1:\d+\/v1)\nexport OPENAI_API_KEY=\S+\n$/,
    );
    for (const model of ['gpt-4o-mini', 'my-model']) {
      const messages = [{ role: 'user', content: 'The kettle boils water for tea. It takes three minutes.' }];
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model, messages }),
      });
      expect(await response.json()).toMatchObject({ model, usage: { prompt_tokens: expect.any(Number) } });
    }
    run.kill('SIGINT');
    expect(await run.exited).toMatchObject({ signal: 'SIGINT' });
  });

  it('says what to do when its port is taken', async () => {
    const first = tta(['offline-model', '--port', '0']);
    const [, port = ''] = await first.waitForStdout(/:(\d+)\/v1/);
    const { code, stderr } = await tta(['offline-model', '--port', port]).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}: the port is taken: pass another one, or 0 for any free one`);
  });

  it('is explained by its help', async () => {
    const { stdout } = await tta(['offline-model', '--help']).exited;
    expect(stdout).toContain('export OPENAI_BASE_URL=http://127.0.0.1:4010/v1');
  });
});
