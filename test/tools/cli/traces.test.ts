import { beforeAll, describe, expect, it } from 'vitest';
import { startTraceReceiver } from '../../../src/tools/trace-receiver/trace-receiver.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

const TRACE = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
              spanId: '00f067aa0ba902b7',
              name: 'pay the bill',
              startTimeUnixNano: '1000000000',
              endTimeUnixNano: '2000000000',
            },
          ],
        },
      ],
    },
  ],
};

describe('tta traces', () => {
  it('shows what a program sends, and says how a program sends it there, until Ctrl-C', async () => {
    const run = tta(['traces', '--port', '0']);
    await run.waitForStderr(/Ctrl-C ends it/);
    const [, url] = await run.waitForStdout(/^export OTEL_EXPORTER_OTLP_ENDPOINT=(http:\/\/127\.0\.0\.1:\d+)\n$/);
    const headers = { 'content-type': 'application/json' };
    const sent = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body: JSON.stringify(TRACE) });
    expect(sent.status).toBe(200);
    expect(await (await fetch(`${url}`)).text()).toContain('pay the bill');
    run.kill('SIGINT');
    expect(await run.exited).toMatchObject({ signal: 'SIGINT' });
  });

  it('says what to do when its port is taken', async () => {
    const receiver = await startTraceReceiver({ port: 0 });
    const { port } = new URL(receiver.url);
    const { code, stderr } = await tta(['traces', '--port', port]).exited;
    await receiver.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}: the port is taken: pass another one, or 0 for any free one`);
  });
});
