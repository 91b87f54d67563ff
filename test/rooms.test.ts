/** Is every line in the right room? The rules are data in `rooms/table.ts`; snippets below show that each can fail. */
import { describe, expect, it } from 'vitest';
import {
  type Finding,
  judgeCycles,
  judgeFrontDoor,
  judgeImports,
  judgeLines,
  unusedPermissions,
} from './rooms/judge.ts';
import { parseSource, type Source } from './rooms/source.ts';
import { ROOMS } from './rooms/table.ts';
import { filesUnder } from './support/sources.ts';

const read = (folder: string, ending: RegExp): Source[] =>
  filesUnder(folder, ending).map(({ path, content }) => parseSource(path, content));

const CODE = /\.[cm]?[jt]sx?$/;
const sources = [...read('src', CODE), ...read('views', CODE), ...read('collector', CODE)];
/** Files that are not TypeScript. Their comments are searched too. */
const deploymentFiles = filesUnder('collector', /\.(?:ya?ml|json|ini|conf|tmpl|service)$/).map(({ path, content }) => ({
  path,
  text: content,
  code: content,
  imports: [],
}));

const messages = (findings: readonly Finding[]) => findings.map(({ message }) => message);

describe('every line of src and views is in the right room', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  it('finds every room of the table', () => {
    const empty = ROOMS.filter(({ where }) => !sources.some(({ path }) => path.startsWith(where)));
    expect(empty.map(({ where }) => where)).toEqual([]);
  });

  it('imports only what its room may', () => {
    expect(messages(sources.flatMap(judgeImports))).toEqual([]);
  });

  it('is in a room that may import no more than it does', () => {
    expect(unusedPermissions(sources)).toEqual([]);
  });

  it('is in a place that is allowed for its kind of line', () => {
    expect(messages([...sources, ...deploymentFiles].flatMap(judgeLines))).toEqual([]);
  });

  it('is a re-export by name in src/index.ts', () => {
    expect(messages(sources.filter(({ path }) => path === 'src/index.ts').flatMap(judgeFrontDoor))).toEqual([]);
  });

  it('is part of no circle of imports', () => {
    expect(messages(judgeCycles(sources))).toEqual([]);
  });
});

describe('a line in the wrong room is found', () => {
  it.each([
    ['src/flow/a.ts', "import { trace } from '@opentelemetry/api';"],
    ['src/flow/a.ts', "import type { Span } from '@opentelemetry/api';"],
    ['src/flow/a.ts', "import { retry } from '../resilience/retry.ts';"],
    ['src/flow/a.ts', "import {\n  observe,\n} from '../telemetry/observe.ts';"],
    ['src/flow/a.ts', "const { z } = await import('zod');"],
    ['src/flow/a.ts', "import 'node:fs';"],
    ['src/resilience/a.ts', "import { systemClock } from '../platform/clock.ts';"],
    ['src/cache/a.ts', "export { createClient } from 'redis';"],
    ['src/llm/a.ts', "import Anthropic from '@anthropic-ai/sdk';"],
    ['src/ledger/a.ts', "import { readProperty } from '../platform/read-property.ts';"],
    ['src/core/a.ts', "import { task } from '../flow/task.ts';"],
    ['src/core/a.ts', "import { context } from '@opentelemetry/api';"],
    ['src/telemetry/a.ts', "import { MeterProvider } from '@opentelemetry/sdk-metrics';"],
    ['src/telemetry/a.ts', "import type { Primitive } from '../core/primitive.ts';"],
    ['src/platform/a.ts', "import { show } from '../core/check.ts';"],
    ['views/a.ts', "import { metrics } from '@opentelemetry/api';"],
    ['views/a.ts', "import { type Attributes } from '@opentelemetry/api';"],
    ['views/a.ts', "import { SeriesTable } from '../src/telemetry/series-table.ts';"],
    ['src/sdk/a.ts', "import { task } from '../index.ts';"],
    ['src/sdk/a.ts', "import { createPrimitive } from '../core/primitive.ts';"],
    ['src/sdk/a.ts', "const pino = require('pino');"],
    ['src/prometheus/a.ts', "import { record } from '../telemetry/record.ts';"],
    ['src/testing/a.ts', "import { createPrimitive } from '../core/primitive.ts';"],
    ['src/tools/digest/a.ts', "import { retry } from '../../resilience/retry.ts';"],
    ['src/tools/digest/a.ts', "import { register } from '../../sdk/index.ts';"],
    ['src/tools/offline-model/a.ts', "import { task } from '../../index.ts';"],
    ['src/tools/studio/a.ts', "import { trace } from '@opentelemetry/api';"],
    ['src/tools/cli/a.ts', "import { retry } from '../../resilience/retry.ts';"],
    ['src/index.ts', "export { register } from './sdk/index.ts';"],
    ['src/utils/a.ts', "export const helper = 'of no room';"],
  ])('%s: %s', (path, line) => {
    expect(judgeImports(parseSource(path, `\n${line}`))).toHaveLength(1);
  });

  it.each([
    ['src/flow/a.ts', "name: 'tta.workflow.executions'", 'instrument names'],
    ['src/sdk/a.ts', "name: 'process.cpu.time'", 'instrument names'],
    ['src/tools/studio/a.ts', "name: 'tta.cache.hits'", 'instrument names'],
    ['views/a.ts', "key: 'tta.cache.type'", 'attribute names'],
    ['src/llm/a.ts', 'key: "gen_ai.request.model"', 'attribute names'],
    ['src/flow/a.ts', 'const key = `tta.tag.${name}`', 'attribute names'],
    ['src/cache/a.ts', "metric: 'tta_cache_hits_total'", 'Prometheus names'],
    ['src/telemetry/record.ts', 'meter.createCounter(name)', 'instruments are made'],
    ['src/cache/a.ts', 'meter.createObservableGauge(name)', 'instruments are made'],
    ['src/resilience/a.ts', 'span.setStatus({ code })', 'a span ends'],
    ['src/llm/a.ts', 'observation.span?.recordException(error)', 'a span ends'],
    ['src/sdk/a.ts', 'activeSpan.end()', 'a span ends'],
    ['src/resilience/a.ts', 'setTimeout(resolve, 10)', 'the time is read'],
    ['src/sdk/a.ts', 'globalThis.setInterval(flush, 10)', 'the time is read'],
    ['src/cache/a.ts', 'const now = Date.now()', 'the time is read'],
    ['src/cache/a.ts', 'const now = new Date()', 'the time is read'],
    ['src/telemetry/a.ts', 'const at = performance.now()', 'the time is read'],
    ['src/flow/a.ts', 'const text = `${performance.now()} ms`', 'the time is read'],
    ['src/flow/a.ts', 'const { now } = performance', 'the time is read'],
    ['src/flow/a.ts', 'const at = process.hrtime.bigint()', 'the time is read'],
    ['src/flow/a.ts', 'const at = new Date', 'the time is read'],
    ['src/sdk/a.ts', 'const server = createServer(answer)', 'the one HTTP server'],
    ['src/testing/a.ts', 'new sdk.prometheus.PrometheusExporter({})', 'the one Prometheus reader'],
    ['src/sdk/a.ts', "process.once('SIGTERM', end)", 'the one signal handler'],
    ['src/flow/a.ts', "export type * from './task.ts'", 'exports are named'],
    ['src/llm/a.ts', 'observation.span!.end()', 'a span ends'],
    ['src/testing/a.ts', "attributes['error.type']", 'attribute names'],
    ['src/llm/a.ts', "key: 'gen_ai.new.thing'", 'attribute names'],
    ['src/flow/a.ts', "import { setTimeout as sleep } from 'node:timers/promises'", 'timers are imported'],
    ['src/llm/a.ts', 'process.env.OPENAI_API_KEY', 'the environment'],
    ['src/llm/a.ts', "process['env'].OPENAI_API_KEY", 'the environment'],
    ['src/llm/a.ts', 'const { env } = process', 'the environment'],
    ['src/llm/a.ts', "import { env } from 'node:process'", 'the environment'],
    ['src/flow/a.ts', 'console.log(value)', 'only tools/cli writes'],
    ['src/flow/a.ts', 'half / 2; console.warn(value / 2)', 'only tools/cli writes'],
    ['src/flow/index.ts', "export * from './task.ts'", 'exports are named'],
    ['src/flow/a.ts', 'export default task', 'exports are named'],
    ['src/llm/a.ts', 'await import(name)', 'imports have a literal'],
    ['src/sdk/a.ts', 'require(name)', 'imports have a literal'],
    ['src/llm/a.ts', 'createRequire(import.meta.url)', 'only sdk calls'],
  ])('%s: %s', (path, line, rule) => {
    const rules = judgeLines(parseSource(path, `\n${line};\n`)).map((found) => `line ${found.line}: ${found.rule}`);
    expect(rules).toContainEqual(expect.stringContaining(`line 2: ${rule}`));
  });

  it('collector/a.yml: an instrument where the endpoint has a metric', () => {
    const text = 'expr: sum(rate(tta.workflow.executions[5m]))';
    expect(judgeLines({ path: 'collector/a.yml', text, code: text, imports: [] })).toHaveLength(1);
  });

  it.each(["export * from './flow/task.ts';", 'export const version = 1;', "import { task } from './flow/task.ts';"])(
    'src/index.ts: %s',
    (line) => {
      const found = judgeFrontDoor(parseSource('src/index.ts', `export { a } from './a.ts';\n${line}\n`));
      expect(found.map((each) => each.line)).toEqual([2]);
    },
  );

  it.each([
    ['src/flow/a.ts → src/flow/b.ts → src/flow/c.ts', ['./b.ts', './c.ts', './a.ts'], 'import'],
    ['src/flow/a.ts → src/llm/b.ts', ['../llm/b.ts', '../flow/a.ts'], 'import type'],
    ['src/flow/a.ts → src/flow/b.ts', ['./b.ts', './a.ts'], 'import type'],
  ])('a circle, once: %s', (circle, targets, word) => {
    const paths = circle.split(' → ');
    const files = paths.map((path, i) => parseSource(path, `${word} { x } from '${targets[i]}';`));
    expect(messages(judgeCycles(files))).toEqual([expect.stringContaining(`${circle} → ${paths[0]}`)]);
  });

  it('names the file, the line, the rule and the correction', () => {
    const [found] = judgeLines(parseSource('src/flow/a.ts', '\n\nconsole.log(1);'));
    expect(found?.message).toBe(
      'src/flow/a.ts:3 only tools/cli writes to the terminal; found console.. To correct this: return the value, throw it, or call a function from the options',
    );
  });
});

describe('a line that only looks like a violation is allowed', () => {
  it.each([
    ['src/flow/a.ts', '// console.log(1), setTimeout, tta_workflow, process.env'],
    ['src/flow/a.ts', "/**\n * import { trace } from '@opentelemetry/api';\n */"],
    ['src/flow/a.ts', "const hint = 'use setTimeout(1), or console.log; not process.env';"],
    ['src/tools/studio/a.ts', 'const page = `<script>setTimeout(() => console.log(1), ${ms})</script>`;'],
    ['src/flow/a.ts', "const url = 'http://localhost'; // import x from 'y'"],
    ['src/flow/a.ts', 'const quote = /["\'`]/; const ratio = a / b / c; // setTimeout'],
    ['src/flow/a.ts', 'const text = `${outer({ a: `${inner}` })} console.log`;'],
    ['src/platform/a.ts', 'setTimeout(f, 1); performance.now(); Date.now();'],
    ['src/tools/cli/a.ts', "console.log(process.env.HOME, 'tta_workflow_executions_total');"],
    ['src/flow/a.ts', 'const at = new Date(ms);'],
    ['src/tools/studio/a.ts', 'response.end(text);'],
    ['views/a.ts', "import type { Attributes } from '@opentelemetry/api';"],
    ['src/llm/a.ts', "const { default: OpenAI } = await import('openai');"],
    ['src/sdk/a.ts', "import { monitorEventLoopDelay } from 'node:perf_hooks';"],
  ])('%s: %s', (path, line) => {
    const source = parseSource(path, line);
    expect(messages([...judgeImports(source), ...judgeLines(source)])).toEqual([]);
  });
});
