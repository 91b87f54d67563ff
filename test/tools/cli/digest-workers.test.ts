import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { scrape, total } from '../../support/scrape.ts';
import { startSpanReceiver } from '../../support/span-receiver.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

/** A folder with texts of both sizes, some of them equal. */
function folderOfTexts(): string {
  const folder = tempFolder();
  for (const name of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md']) cpSync(name, join(folder, 'docs', name));
  cpSync('SECURITY.md', join(folder, 'docs', 'again.md'));
  return folder;
}

/** What the table says of this run, without the times. The last digit of a sum of dollars depends on its order. */
function tableOf(stdout: string): string[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('│ ') && !line.includes('p95'));
  return lines.map((line) => line.replaceAll(/\$([\d.]+)/g, (_, sum: string) => `$${Number(sum).toFixed(4)}`));
}

describe.skipIf(component('redis-server') === undefined)('tta digest --workers', () => {
  async function redisOfTest(port?: number): Promise<Redis> {
    const redis = await startRedis(port === undefined ? {} : { port });
    onTestFinished(() => redis.kill('SIGKILL'));
    return redis;
  }

  const env = { OTEL_TRACES_EXPORTER: 'none' };
  const digest = (cwd: string, out: string, args: readonly string[] = [], more: NodeJS.ProcessEnv = env) =>
    tta(['digest', 'docs', '--once', '--no-studio', '--out', out, ...args], { cwd, env: more });
  const document = (cwd: string, name: string) => readFileSync(join(cwd, name), 'utf8');

  it('writes the same document, byte for byte, and counts the same', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    const alone = await digest(cwd, 'alone.md').exited;
    const run = digest(cwd, 'workers.md', ['--workers', '4', '--redis', redis.url]);
    const { code, stdout, stderr } = await run.exited;
    expect([alone.code, code]).toEqual([0, 0]);
    expect(document(cwd, 'workers.md')).toBe(document(cwd, 'alone.md'));
    expect(tableOf(stdout)).toEqual(tableOf(alone.stdout));
    expect(stderr).not.toContain('quoted');
    expect(stdout.match(/^Worker \d, process \d+, metrics http:\S+$/gm)).toHaveLength(4);
    expect(stdout).toMatch(/Queue {4}digest in bullmq at redis:/);
    expect(await redis.cli('KEYS', '*')).toBe('');
  });

  it('asks the models in the workers, with one trace from the command through all of them', async () => {
    const redis = await redisOfTest();
    const receiver = await startSpanReceiver();
    onTestFinished(receiver.close);
    const cwd = folderOfTexts();
    const run = digest(cwd, 'out.md', ['--workers', '2', '--redis', redis.url], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    });
    expect((await run.exited).code).toBe(0);
    const [trace = [], ...more] = receiver.traces();
    expect(more).toEqual([]);
    const chats = trace.filter(({ name }) => name.startsWith('chat '));
    expect(chats.length).toBeGreaterThan(10);
    const parents = new Map(trace.map((span) => [span.spanId, span]));
    for (const chat of chats) {
      const names: string[] = [];
      for (let at = parents.get(chat.parentSpanId ?? ''); at !== undefined; at = parents.get(at.parentSpanId ?? ''))
        names.push(at.name);
      expect(names.join()).toMatch(/ask-models.*digest/);
    }
  });

  it('keeps the counts of a worker where that one is: its endpoint has the model calls', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    const run = tta(['digest', 'docs', '--no-studio', '--every', '3600', '--workers', '2', '--redis', redis.url], {
      cwd,
      env,
    });
    const [stdout] = await run.waitForStdout(/(?:.|\n)*Written to/);
    const urls = [...stdout.matchAll(/metrics (http:\S+)/g)].map(([, url]) => url as string);
    const calls = await Promise.all(urls.map(async (url) => total(await scrape(url), 'tta_llm_requests_total')));
    expect(calls).toHaveLength(2);
    const [, ofCommand] = await run.waitForStdout(/Metrics {2}(\S+)/);
    expect(total(await scrape(ofCommand as string), 'tta_llm_requests_total')).toBe(0);
    expect(Math.min(...calls)).toBeGreaterThan(0);
    // Each further name would be more series in Prometheus for ever.
    const names = (await (await fetch(ofCommand as string)).text()).matchAll(/queue_name="([^"]*)"/g);
    expect([...new Set([...names].map(([, name]) => name))]).toEqual(['digest']);
    run.kill('SIGTERM');
    expect((await run.exited).signal).toBe('SIGTERM');
    expect(await redis.cli('KEYS', '*')).toBe('');
  });

  it('shares nothing with another digest at the same time', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    const one = (out: string, model: string) =>
      digest(cwd, out, ['--model-small', model, '--workers', '1', '--redis', redis.url]).exited;
    const runs = await Promise.all([one('a.md', 'first'), one('b.md', 'second')]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    for (const [at, model] of ['first', 'second'].entries()) {
      expect(runs[at]?.stdout).toContain(model);
      expect(runs[at]?.stdout).not.toContain(model === 'first' ? 'second' : 'first');
    }
  });

  it('works for a user of Redis who is limited as the deployment guide says', async () => {
    const redis = await redisOfTest();
    const guide = readFileSync('collector/README.md', 'utf8');
    const [, rules = ''] = /`ACL SETUSER tta on >PASSWORD ([^`]+)`/.exec(guide) ?? [];
    await redis.cli('ACL', 'SETUSER', 'tta', 'on', '>hush', ...rules.split(' '));
    const cwd = folderOfTexts();
    const url = redis.url.replace('//', '//tta:hush@');
    const { code, stderr } = await digest(cwd, 'out.md', ['--workers', '1', '--redis', url]).exited;
    expect(stderr).not.toMatch(/quoted|NOPERM/);
    expect(code).toBe(0);
    expect(await redis.cli('KEYS', '*digest*')).toBe('');
  });

  it('writes the same document when a worker is killed in the middle', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    expect((await digest(cwd, 'alone.md').exited).code).toBe(0);
    const run = digest(cwd, 'workers.md', ['--workers', '2', '--redis', redis.url]);
    const [, pid] = await run.waitForStdout(/Worker 2, process (\d+)/);
    process.kill(Number(pid), 'SIGKILL');
    const { code, stderr } = await run.exited;
    expect(code).toBe(0);
    expect(stderr).toMatch(/Worker 2: it ended by SIGKILL\. Its parts go to the others/);
    expect(document(cwd, 'workers.md')).toBe(document(cwd, 'alone.md'));
  });

  it('summarises every part also with chaos', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    expect((await digest(cwd, 'alone.md').exited).code).toBe(0);
    const { code } = await digest(cwd, 'workers.md', ['--chaos', '--workers', '2', '--redis', redis.url]).exited;
    expect(code).toBe(0);
    // A model that fails is replaced by the other one, whose summary is shorter or longer.
    const headings = (text: string) => text.split('\n').filter((line) => line.startsWith('#'));
    expect(headings(document(cwd, 'workers.md'))).toEqual(headings(document(cwd, 'alone.md')));
  });

  it('stops at its budget as without workers', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    const { stderr, stdout } = await digest(cwd, 'out.md', ['--budget', '0.2', '--workers', '2', '--redis', redis.url])
      .exited;
    expect(stderr).toContain('Stopped by --budget 0.2');
    expect(Number(/│ dollars +│ \$([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(0.2);
    expect(stdout).toContain('What was summarised is written to');
  });

  it('quotes and says why when Redis is gone', async () => {
    const redis = await redisOfTest();
    const cwd = folderOfTexts();
    // All parts at once: each waits for Redis.
    const run = digest(cwd, 'out.md', ['--workers', '2', '--redis', redis.url, '--concurrency', '64']);
    await run.waitForStdout(/Worker 2/);
    await redis.kill('SIGKILL');
    const { stderr } = await run.exited;
    expect(stderr).toMatch(/No model answered for \d+ texts, so they are quoted\. The last error: .*Redis/);
  });

  it('says that there is no Redis, and what its address is, before it begins', async () => {
    const cwd = folderOfTexts();
    const url = `redis://:hunter2secret@127.0.0.1:${await freePort()}`;
    const { code, stderr } = await digest(cwd, 'out.md', ['--workers', '2', '--redis', url]).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/tta: .*Redis cannot be reached/);
    expect(stderr).not.toContain('hunter2secret');
  });
});
