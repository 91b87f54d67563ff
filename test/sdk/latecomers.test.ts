import { afterEach, describe, expect, it } from 'vitest';
import { endChildren, runProgram } from '../support/child.ts';

afterEach(endChildren);

const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '0', OTEL_TRACES_EXPORTER: 'none' };
const THEIRS = `const { metrics, diag } = await import('@opentelemetry/api');
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
  const start = () => metrics.setGlobalMeterProvider(new MeterProvider());`;

describe('an SDK that starts after register', () => {
  it('is told once what to do', async () => {
    const child = runProgram(`${THEIRS} await register(); start(); start();`, { env });
    const { stderr } = await child.exited;
    expect(stderr.match(/has started after register and gets nothing/g)).toHaveLength(1);
    expect(stderr).toContain("views: [...ttaViews] of 'tta-primitives/views'");
  });

  it('is told by the logger of the program where it has one, and that logger stays', async () => {
    const child = runProgram(
      `${THEIRS} const said = [];
       const logger = Object.fromEntries(['error', 'warn', 'info', 'debug', 'verbose'].map((level) => [level, (text) => said.push(text)]));
       diag.setLogger(logger);
       const sdk = await register(); start(); await sdk.shutdown(); said.length = 0; diag.error('mine');
       console.log('SAID ' + said);`,
      { env },
    );
    expect(await child.says('SAID ')).toBe('mine');
    expect((await child.exited).stderr).toBe('');
  });

  it('works after shutdown, and nothing warns', async () => {
    const child = runProgram(
      `${THEIRS} const sdk = await register(); await sdk.shutdown(); console.log('SET ' + start());`,
      { env },
    );
    expect(await child.says('SET ')).toBe('true');
    expect((await child.exited).stderr).toBe('');
  });
});
