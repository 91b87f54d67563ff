import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { endChildren, runProgram } from '../support/child.ts';
import { startSink } from '../support/otlp-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

/** The real API, as another copy that says it is `version`. Returns its entry. */
function apiOf(version: string): string {
  const folder = join(tempFolder({}), 'api');
  cpSync('node_modules/@opentelemetry/api', folder, { recursive: true });
  const file = join(folder, 'build/src/version.js');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/VERSION = '[^']+'/, `VERSION = '${version}'`));
  return join(folder, 'build/src/index.js');
}

const TOUCH = {
  'a logger': 'other.diag.setLogger({ error() {}, warn() {}, info() {}, debug() {}, verbose() {} });',
  'a propagator':
    "other.propagation.setGlobalPropagator({ inject() {}, extract: (active) => active, fields: () => ['custom'] });",
} as const;

const COUNT = `(await (await fetch(sdk.metricsUrl)).text()).match(/primitive_executions_total\\{(?=.*name="inner")(?=.*status="success").* (\\d)/)?.[1]`;

describe('register beside another copy of @opentelemetry/api', () => {
  it.each(
    ['1.4.1', '1.9.0', '1.10.0'].flatMap((version) =>
      (Object.keys(TOUCH) as (keyof typeof TOUCH)[]).flatMap((what) =>
        (['before', 'after'] as const).map((order) => [version, what, order] as const),
      ),
    ),
  )('%s, which sets %s %s it, counts and traces', async (version, what, order) => {
    const sink = await startSink();
    const touch = (when: string) => (when === order ? TOUCH[what] : '');
    const child = runProgram(
      `import { createRequire } from 'node:module';
       const other = createRequire('/')('${apiOf(version)}');
       ${touch('before')}
       const sdk = await register();
       ${touch('after')}
       await task('outer', async () => { await null; return task('inner', () => 1).execute(); }).execute();
       console.log('COUNT ' + ${COUNT});
       ${order === 'before' ? "console.log('OTHER ' + other.metrics.getMeterProvider().constructor.name);" : ''}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_PROMETHEUS_PORT: '0' } },
    );
    expect(await child.says('COUNT ')).toBe('1');
    // The other copy sees the same SDK, and so do the libraries that use it.
    if (order === 'before') expect(await child.says('OTHER ')).toBe('MeterProvider');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(sink.spans.map(({ name }) => name).sort()).toEqual(['task inner', 'task outer']);
    await sink.stop();
  });

  it('leaves the traces to an SDK that an older copy has registered, and nothing warns', async () => {
    const child = runProgram(
      `import { createRequire } from 'node:module';
       const other = createRequire('/')('${apiOf('1.4.1')}');
       const names = [];
       other.trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan(name) {
         names.push(name); return other.trace.wrapSpanContext(other.INVALID_SPAN_CONTEXT); } }) });
       const sdk = await register({ prometheus: false });
       await task('step', () => 1).execute();
       console.log('SPANS ' + names);`,
    );
    expect(await child.says('SPANS ')).toBe('task step');
    expect((await child.exited).stderr).toBe('');
  });
});
