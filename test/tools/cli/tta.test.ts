import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startModelServer } from '../../../src/tools/offline-model/model-server.ts';
import type { AboutAnswer, RunsAnswer } from '../../../src/tools/studio/api.ts';
import { scrape, total } from '../../support/scrape.ts';
import { startSpanReceiver } from '../../support/span-receiver.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

const KETTLE = 'The kettle boils water for tea. It takes three minutes.';
const RIVERS = `# Rivers\n\n${'Rivers carry water from the hills to the sea, and they shape the land. '.repeat(40)}`;
/** Another program of this machine may listen at the default port 4318. */
const ANY_STUDIO_PORT = ['--studio-port', '0'];

/** The two cells of a row: of this run, and since the start. */
function row(stdout: string, name: string): string[] {
  const line = stdout.split('\n').find((line) => line.startsWith(`│ ${name} `));
  return (
    line
      ?.split('│')
      .slice(2, 4)
      .map((cell) => cell.trim()) ?? []
  );
}

describe('tta', () => {
  it('has a help with commands and examples', async () => {
    const { code, stdout } = await tta(['--help']).exited;
    expect(code).toBe(0);
    expect(stdout).toContain('digest [options] [folder]');
    expect(stdout).toContain('Anywhere else, run it as: npx -p tta-primitives tta COMMAND');
    const help = await tta(['digest', '--help']).exited;
    expect(help.stdout).toContain('$ tta digest docs --chaos');
    expect(help.stdout).toContain('http://127.0.0.1:9464/metrics');
  });

  it('names the help of the command that was called wrongly', async () => {
    const { code, stderr } = await tta(['doctor', 'localhost:9464']).exited;
    expect(code).toBe(1);
    expect(stderr).toContain('(see tta doctor --help)');
  });

  it('prints its version', async () => {
    const { stdout } = await tta(['--version']).exited;
    expect(stdout.trim()).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });

  it.each([
    [['digest', '--every', '0'], "'0' is invalid. It must be a number above 0."],
    [['digest', '--concurrency', '1.5'], 'It must be a whole number above 0.'],
    [['digest', '--studio-port', '70000'], 'It must be a port from 0 to 65535'],
    [['digest', '--ones'], "unknown option '--ones'"],
    [['diget'], "unknown command 'diget'"],
  ])('refuses %j and says why', async (args, message) => {
    const { code, stderr } = await tta(args).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('tta digest --once', () => {
  it('digests a folder, prints the table of the run and ends with 0', async () => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE, 'docs/rivers.txt': RIVERS, 'docs/broken.md': '\0' });
    const receiver = await startSpanReceiver();
    onTestFinished(receiver.close);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const { code, stdout, stderr } = await tta(['digest', 'docs', '--once'], { cwd, env }).exited;

    expect(stderr).toBe('2 of 2 parts summarised\nSkipped: broken.md is a binary file, not text\n');
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'digest.md'), 'utf8')).toContain('## kettle.md\n\nThe kettle boils water');
    expect(readdirSync(cwd).toSorted()).toEqual(['digest.md', 'docs']);
    expect(stdout).toMatch(
      /Models {3}offline-small and offline-large: the offline model.*\n {9}charged at the price list of gpt-3.5-turbo and gpt-4/,
    );
    expect(stdout).toContain(`Traces   ${receiver.url}/v1/traces (set by the environment)`);
    expect(stdout).toContain(`Written to ${join(cwd, 'digest.md')}`);
    expect(row(stdout, 'files')).toEqual(['2', '']);
    expect(row(stdout, 'parts')).toEqual(['2', '2']);
    expect(row(stdout, 'retries')).toEqual(['0', '0']);
    expect(row(stdout, 'p95 of a part')[0]).toMatch(/^\d+(\.\d+)? (ms|s)$/);

    // The spans, which do not go through the metrics, give the same numbers.
    const [trace, ...more] = receiver.traces();
    expect(more).toEqual([]);
    const chats = trace?.filter(({ name }) => name.startsWith('chat ')) ?? [];
    const sum = (attribute: string) => chats.reduce((all, span) => all + Number(span.attributes[attribute]), 0);
    expect(chats).toHaveLength(3);
    expect(row(stdout, 'tokens in')[0]).toBe(sum('gen_ai.usage.input_tokens').toLocaleString('en'));
    expect(row(stdout, 'dollars')[0]).toBe(`$${sum('tta.llm.cost_usd').toFixed(6)}`);
  });

  it('shows its runs and numbers in Studio when there is no collector, while it runs', async () => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const run = tta(['digest', 'docs', ...ANY_STUDIO_PORT, '--every', '3600'], { cwd });
    const [, page] = await run.waitForStdout(/Studio {3}(\S+) \(open it in a browser\)/);
    const ask = async <T>(path: string) => (await (await fetch(`${page}${path}`)).json()) as T;
    const runs = async () => (await ask<RunsAnswer>('/api/runs')).runs;
    await expect.poll(async () => (await runs()).map(({ status }) => status), { timeout: 20_000 }).toEqual(['success']);
    const [only] = await runs();
    expect([only?.workflow, only?.models]).toEqual(['digest', ['offline-small']]);
    const { targets } = await ask<AboutAnswer>('/api/about');
    const [, metrics] = await run.waitForStdout(/Metrics {2}(\S+)/);
    expect(targets.map(({ url, problem }) => [url, problem])).toEqual([[metrics, '']]);
    run.kill('SIGTERM');
    expect((await run.exited).signal).toBe('SIGTERM');
    await expect(fetch(`${page}/`)).rejects.toThrow('fetch failed');
  });

  it('uses the endpoint of the environment, and prints how many calls have no price', async () => {
    const server = await startModelServer();
    onTestFinished(server.close);
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const models = ['--model-small', 'offline-small', '--model-large', 'offline-large'];
    const { stdout, code } = await tta(['digest', 'docs', '--once', ...ANY_STUDIO_PORT, ...models], {
      cwd,
      env: { OPENAI_BASE_URL: server.baseURL },
    }).exited;
    expect(code).toBe(0);
    expect(stdout).toContain(`Models   offline-small and offline-large at ${server.baseURL}`);
    expect(row(stdout, 'dollars')[0]).toBe('$0.000000 + 1 calls of unknown price');
    expect(server.requests()).toBe(1);
  });

  it('asks nobody without a terminal before a large folder goes to a model that may cost money, and ends', async () => {
    const server = await startModelServer({ anyModel: true });
    onTestFinished(server.close);
    const texts = Array.from({ length: 101 }, (_, i) => [`docs/${i}.md`, `Kettle number ${i} boils water.`]);
    const cwd = tempFolder(Object.fromEntries(texts));
    const env = { OPENAI_BASE_URL: server.baseURL, OPENAI_API_KEY: 'sk-test' };
    const args = ['digest', 'docs', '--once', ...ANY_STUDIO_PORT];
    const refused = await tta(args, { cwd, env }).exited;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^tta: nothing was sent: 101 files, 102 model calls, about [\d,]+ tokens in and [\d,]+ out, at a price that is not known\. Add --yes to go on\n$/,
    );
    expect(server.requests()).toBe(0);
    expect((await tta([...args, '--yes'], { cwd, env }).exited).code).toBe(0);
    expect(server.requests()).toBeGreaterThan(100);
    expect((await tta([...args, '--offline'], { cwd, env }).exited).code).toBe(0);
  });

  it('keeps what it has summarised when it is stopped, and says so', async () => {
    const server = await startModelServer({
      chaos: { slowShare: 0.5, slowMs: 100_000, rateLimitShare: 0, errorShare: 0, cutShare: 0 },
    });
    onTestFinished(server.close);
    const texts = Array.from({ length: 20 }, (_, i) => [`docs/${i}.md`, `Kettle number ${i} boils water.`]);
    const cwd = tempFolder(Object.fromEntries(texts));
    const models = ['--model-small', 'offline-small', '--model-large', 'offline-large'];
    const args = ['digest', 'docs', '--once', '--concurrency', '20', '--timeout', '300', ...models, ...ANY_STUDIO_PORT];
    const run = tta(args, { cwd, env: { OPENAI_BASE_URL: server.baseURL } });
    while (server.requests() < 20) await new Promise((resolve) => setTimeout(resolve, 50));
    await run.waitForStderr(/[5-9]|1\d of 20 parts summarised/);
    run.kill('SIGINT');
    const { stdout, signal } = await run.exited;
    expect(signal).toBe('SIGINT');
    expect(stdout).toContain(`What was summarised is written to ${join(cwd, 'digest.md')}`);
    const digest = readFileSync(join(cwd, 'digest.md'), 'utf8');
    expect(digest).toMatch(/20 files, 20 parts\. Stopped after \d+ of them: this is not the whole digest\./);
    expect(digest).toMatch(/## \d+\.md\n\nKettle number \d+ boils water\./);
    expect(digest).toMatch(/## Not summarised\n\n- \d+\.md: 1 of 1 part/);
  });

  it('stops politely when its budget is spent: with code 0, a table, and what was summarised until then', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => [`docs/${i}.md`, `The ${i}th river. ${RIVERS.repeat(40)}`]);
    const cwd = tempFolder(Object.fromEntries(texts));
    const args = ['digest', 'docs', '--offline', '--max-file', '1', ...ANY_STUDIO_PORT];
    const { stdout, stderr, code } = await tta([...args, '--every', '0.1', '--budget', '0.30'], { cwd }).exited;
    expect(code).toBe(0);
    expect(stderr).toMatch(/Stopped by --budget 0.3: digest refused a call to a model: \$0\.\d+ of \$0\.3 is spent/);
    expect(stdout).toContain(`What was summarised is written to ${join(cwd, 'digest.md')}`);
    const dollars = Number(row(stdout, 'dollars')[0]?.slice(1));
    expect(dollars).toBeGreaterThan(0.2);
    expect(dollars).toBeLessThan(0.3);
    expect(row(stdout, 'answered')[0]).toBe(row(stdout, 'dollars')[0]);
    const done = Number(row(stdout, 'parts')[0]);
    expect(readFileSync(join(cwd, 'digest.md'), 'utf8')).toContain(
      `Stopped after ${done} of them: this is not the whole digest.`,
    );
  });

  it('writes the whole digest when the budget is enough, and refuses a budget that is none', async () => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const args = ['digest', 'docs', '--once', '--offline', ...ANY_STUDIO_PORT];
    const { stdout, code } = await tta([...args, '--budget', '0.5'], { cwd }).exited;
    expect(code).toBe(0);
    expect(row(stdout, 'answered')[0]).toBe(row(stdout, 'dollars')[0]);
    expect(row(stdout, 'retried')).toEqual(['$0.000000', '$0.000000']);
    expect(stdout).toContain('Written to');
    const wrong = await tta([...args, '--budget', 'half'], { cwd }).exited;
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('It must be a number above 0.')]);
  });

  it('does not begin what a budget cannot hold, because no price is known', async () => {
    const server = await startModelServer({ anyModel: true });
    onTestFinished(server.close);
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const args = ['digest', 'docs', '--once', '--budget', '1', ...ANY_STUDIO_PORT];
    const { stderr, code } = await tta(args, { cwd, env: { OPENAI_BASE_URL: server.baseURL } }).exited;
    expect(code).toBe(0);
    expect(stderr).toContain('its price is unknown');
    expect(server.requests()).toBe(0);
  });

  it('quotes the texts and prints the error when no model answers', async () => {
    const server = await startModelServer();
    onTestFinished(server.close);
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const { stdout, stderr, code } = await tta(
      ['digest', 'docs', '--once', ...ANY_STUDIO_PORT, '--model-small', 'wrong'],
      {
        cwd,
        env: { OPENAI_BASE_URL: server.baseURL, OPENAI_API_KEY: 'sk-test' },
      },
    ).exited;
    expect(code).toBe(0);
    expect(row(stdout, 'without a model')[0]).toBe('2');
    expect(stderr).toMatch(
      /No model answered for 2 texts, so they are quoted\. The last error: gpt-4o: 404 .*does not exist/,
    );
    expect(readFileSync(join(cwd, 'digest.md'), 'utf8')).toContain('*(Quoted: no model answered.)*');
  });

  it('shows retries with chaos', async () => {
    const files = Array.from({ length: 40 }, (_, i) => [`docs/${i}.md`, `Part ${i} tells of kettle number ${i}.`]);
    const cwd = tempFolder(Object.fromEntries(files));
    const { stdout, code } = await tta(['digest', 'docs', '--once', '--chaos', ...ANY_STUDIO_PORT], { cwd }).exited;
    expect(code).toBe(0);
    expect(row(stdout, 'parts')[0]).toBe('40');
    // One in five of forty calls fails: a run without a retry happens once in ten thousand runs.
    expect(Number(row(stdout, 'retries')[0])).toBeGreaterThan(0);
  });

  it('writes to another folder when the current folder is the one that is read', async () => {
    const folder = tempFolder({ 'kettle.md': KETTLE });
    const { stdout, code } = await tta(['digest', '.', '--once', ...ANY_STUDIO_PORT], { cwd: folder }).exited;
    const path = /Written to (.*)/.exec(stdout)?.[1] ?? '';
    onTestFinished(() => rmSync(dirname(path), { recursive: true }));
    expect(code).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('## kettle.md');
    expect(readdirSync(folder)).toEqual(['kettle.md']);
  });

  it('runs when the port of its metrics is taken, and prints that', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
    const { stdout, code } = await tta(['digest', 'docs', '--once', ...ANY_STUDIO_PORT], { cwd, env }).exited;
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Metrics .*${port}`));
    expect(row(stdout, 'parts')[0]).toBe('1');
  });

  it('runs without telemetry', async () => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE });
    const { stdout, stderr, code } = await tta(['digest', 'docs', '--once'], {
      cwd,
      env: { OTEL_SDK_DISABLED: 'true' },
    }).exited;
    expect(code).toBe(0);
    expect(stdout).toContain('Metrics  off\nTraces   off');
    expect(stderr).toContain('there are no metrics to show');
    expect(stdout).toContain('Written to');
  });

  it.each([
    [['docs/gone'], /^tta: The folder .*gone does not exist \(any more\)\n$/],
    [['docs/kettle.md'], /^tta: .*kettle\.md is a file: name the folder that it is in\n$/],
    [['empty'], /^Skipped: a\.md is empty\ntta: .*empty has no text to read.*\n$/],
    [['docs', '--out', 'docs/d.md'], /^tta: --out docs\/d\.md is inside .*\n$/],
    [['docs', '--chaos', '--model-small', 'x'], /^tta: --chaos is for the offline model/],
  ])('ends with one sentence and code 1 for %j', async (args, sentence) => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE, 'empty/a.md': '' });
    const env = args.includes('--chaos') ? { OPENAI_API_KEY: 'sk-test' } : {};
    const { code, stderr } = await tta(['digest', ...args, '--once', ...ANY_STUDIO_PORT], { cwd, env }).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  });

  it('names all packages that it still needs, in the line that installs them', async () => {
    const app = tempFolder();
    cpSync('dist/src', join(app, 'dist/src'), { recursive: true });
    cpSync('dist/views', join(app, 'dist/views'), { recursive: true });
    cpSync('package.json', join(app, 'package.json'));
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    for (const name of [...Object.keys(dependencies), '@opentelemetry/api']) {
      mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
      symlinkSync(resolve('node_modules', name), join(app, 'node_modules', name));
    }
    const { code, stderr } = await tta(['digest', '--once'], { program: join(app, 'dist/src/tools/cli/tta.js') })
      .exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^tta: tta digest needs (@opentelemetry\/\S+, ){4}openai, which are not installed: npm install (@opentelemetry\/\S+@[\d.]+ ){4}openai@6\S+\n$/,
    );
    const lineOf = async (...args: string[]) =>
      (await tta(args, { program: join(app, 'dist/src/tools/cli/tta.js') }).exited).stderr;
    expect(await lineOf('digest', '--once', '--workers', '2')).toMatch(
      /npm install (@opentelemetry\/\S+@[\d.]+ ){4}bullmq@6\S+ ioredis@\S+ openai@6\S+\n$/,
    );
    expect(await lineOf('queue', 'texts')).toMatch(
      /^tta: tta queue needs bullmq, ioredis, which are not installed: npm install bullmq@6\S+ ioredis@\S+\n$/,
    );
  });

  it('prints the stack of an error with --verbose', async () => {
    const { code, stderr } = await tta(['--verbose', 'digest', '/nowhere', '--once', ...ANY_STUDIO_PORT]).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/FolderError: The folder \/nowhere[^\n]*\n\s+at /);
  });
});

describe('tta digest', () => {
  it('repeats its run, serves metrics, and continues after a failed run', async () => {
    const cwd = tempFolder({ 'docs/kettle.md': KETTLE, 'docs/rivers.md': RIVERS });
    const run = tta(['digest', 'docs', ...ANY_STUDIO_PORT, '--every', '0.05'], { cwd });
    const [, url = ''] = await run.waitForStdout(/Metrics {2}(\S+)/);
    await run.waitForStdout(/run 3 /);
    const metrics = await scrape(url);
    expect(
      total(metrics, 'tta_workflow_executions_total', { workflow_name: 'digest', status: 'success' }),
    ).toBeGreaterThanOrEqual(3);
    expect(total(metrics, 'tta_cache_hits_total')).toBeGreaterThanOrEqual(6);
    expect(total(metrics, 'tta_llm_cost_total')).toBeGreaterThan(0);

    const docs = join(cwd, 'docs');
    rmSync(docs, { recursive: true });
    const failed = { workflow_name: 'digest', status: 'failure' };
    while (total(await scrape(url), 'tta_workflow_executions_total', failed) < 2);
    run.kill('SIGINT');
    const { code, signal, stdout, stderr } = await run.exited;
    expect([code, signal]).toEqual([null, 'SIGINT']);
    expect(stderr).toMatch(/Run \d+ failed: The folder .* does not exist/);
    expect(stderr).toMatch(/Stopped\n$/);
    expect(row(stdout, 'cache hits')).toEqual(['0', '0']);
  });

  it('ends with the npm that started it', async () => {
    // npm starts a shell, which starts the program. A SIGTERM ends npm and the shell but does not reach the program.
    const npm = `
      import { spawn } from 'node:child_process';
      const env = { ...process.env, npm_lifecycle_event: 'start' };
      const shell = spawn('sh', ['-c', 'node "$0" "$@"; true', ...process.argv.slice(2)], { stdio: 'inherit', env });
      process.on('SIGTERM', () => shell.kill('SIGTERM'));`;
    const cwd = tempFolder({ 'docs/one.md': RIVERS, 'npm.mjs': npm });
    const args = [resolve('dist/src/tools/cli/tta.js'), 'digest', 'docs', '--every', '1', ...ANY_STUDIO_PORT];
    const run = tta(args, { cwd, program: join(cwd, 'npm.mjs') });
    await run.waitForStdout(/Again every/);
    run.kill('SIGTERM');
    const { stderr } = await run.exited;
    expect(stderr).toMatch(/Stopped\n$/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'delivers its last spans, and keeps what it has summarised, when %s ends it in the middle of a run',
    async (signal) => {
      const receiver = await startSpanReceiver();
      onTestFinished(receiver.close);
      const files = Array.from({ length: 200 }, (_, i) => [`docs/${i}.md`, `${RIVERS}\n\nThe ${i}th.`]);
      const cwd = tempFolder(Object.fromEntries(files));
      const run = tta(['digest', 'docs', '--concurrency', '1'], {
        cwd,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      });
      const [, url = ''] = await run.waitForStdout(/Metrics {2}(\S+)/);
      while (total(await scrape(url), 'tta_llm_requests_total') === 0);
      run.kill(signal);
      const exit = await run.exited;
      expect([exit.code, exit.signal]).toEqual([null, signal]);
      expect(exit.stderr).toMatch(/Stopped\n$/);
      const [trace] = receiver.traces();
      const root = trace?.find(({ parentSpanId }) => parentSpanId === null);
      expect(root?.name).toBe('invoke_workflow digest');
      expect(readdirSync(cwd)).toEqual(['digest.md', 'docs']);
      expect(readFileSync(join(cwd, 'digest.md'), 'utf8')).toMatch(/200 files, .* this is not the whole digest/);
    },
  );
});
