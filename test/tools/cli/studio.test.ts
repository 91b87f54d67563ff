import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { findPortHolder } from '../../../src/platform/port-holder.ts';
import { collectorLines } from '../../../src/tools/cli/beside-collector.ts';
import type { AboutAnswer, RunAnswer, RunsAnswer } from '../../../src/tools/studio/api.ts';
import { component } from '../../support/component.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

const collector = component('otelcol-tta');
const script = component('script');
const KETTLE = { 'docs/kettle.md': 'The kettle boils water for tea. It takes three minutes.' };

const MANY = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`docs/${i}.md`, `Kettle ${i} boils water.`]));

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;
const outcomes = async (url: string) =>
  (await json<RunsAnswer>(`${url}/api/runs`)).runs.map(({ status, workflow }) => [status, workflow]);
const isThere = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );
async function startedStudio(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const run = tta(['studio', '--port', '0', ...args], { env });
  const [, url = ''] = await run.waitForStdout(/Studio {3}(\S+)/);
  return { run, url };
}

async function otherProgram(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('tta studio', () => {
  it('prints where it is, what it takes and where it keeps it, and serves until a signal', async () => {
    const { run, url } = await startedStudio();
    expect((await json<AboutAnswer>(`${url}/api/about`)).version).toBe(
      JSON.parse(readFileSync('package.json', 'utf8')).version,
    );
    expect(await (await fetch(url)).text()).toContain('<title>Studio</title>');
    run.kill('SIGTERM');
    const { stdout, signal } = await run.exited;
    expect(signal).toBe('SIGTERM');
    expect(stdout).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=${url}`);
    expect(stdout).toContain('Scrapes  http://127.0.0.1:9464/metrics');
    expect(stdout).toMatch(/^Kept {5}\S/m);
  });

  it('names the Studio that has the port already, has it scrape what is asked for, and ends with 0', async () => {
    const { url } = await startedStudio();
    const { port } = new URL(url);
    const { code, stdout, stderr } = await tta(['studio', '--port', port]).exited;
    expect([code, stdout, stderr]).toEqual([0, `Studio   ${url} runs already (open it in a browser)\n`, '']);
    const elsewhere = await tta(['studio', '--port', port, '--scrape', 'http://10.0.0.1:9464']).exited;
    expect(elsewhere.stderr).toContain('Only an address of this machine can be added here');
  });

  it('takes a free port where another program has its own, and prints valid lines for a collector', async () => {
    const port = await otherProgram();
    const run = tta(['studio', '--port', String(port)]);
    const [, url = ''] = await run.waitForStdout(/Studio {3}(\S+)/);
    expect((await fetch(`${url}/api/about`)).status).toBe(200);
    run.kill('SIGINT');
    const { stderr } = await run.exited;
    expect(stderr).toContain(`Another program has port ${port}, so Studio is at ${url}.`);
    const [lines = ''] = /^exporters:\n(?:.+\n)+/m.exec(stderr) ?? [];
    expect(parse(lines)).toMatchObject({ exporters: { 'otlphttp/studio': { endpoint: url } } });
    if (collector === undefined) return;
    const folder = tempFolder({ 'studio.yaml': lines });
    const own = resolve('collector/otelcol/laptop.yaml');
    const configurations = [own, join(folder, 'studio.yaml')].flatMap((file) => ['--config', file]);
    execFileSync(collector, ['validate', ...configurations], { stdio: 'pipe' });
  });

  it('shows the runs of a digest again, under the same address, until it is told to forget them', async () => {
    const cwd = tempFolder(KETTLE);
    const env = { XDG_STATE_HOME: join(cwd, 'state') };
    const digest = await tta(['digest', 'docs', '--once', '--offline', '--studio-port', '0'], { cwd, env }).exited;
    expect(digest.stdout).toMatch(/Studio {3}http[\s\S]*To see the runs again: npx tta studio\n$/);
    const { run, url } = await startedStudio([], env);
    const [kept] = (await json<RunsAnswer>(`${url}/api/runs`)).runs;
    expect([kept?.workflow, kept?.status]).toEqual(['digest', 'success']);
    const { spans, run: row } = await json<RunAnswer>(`${url}/api/runs/${kept?.traceId}`);
    expect(spans.length).toBe(row.spans);

    const early = await tta(['studio', '--forget'], { env }).exited;
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/^tta: the Studio of process \d+ has /)]);
    run.kill('SIGTERM');
    const { stdout } = await run.exited;
    const folder = join(cwd, 'state/tta-studio');
    expect(stdout).toContain(`Kept     ${join(folder, 'studio.db')}\n`);
    expect([statSync(folder).mode & 0o777, statSync(join(folder, 'studio.db')).mode & 0o777]).toEqual([0o700, 0o600]);
    expect((await tta(['studio', '--forget'], { env }).exited).stdout).toBe(`Deleted what was kept in ${folder}\n`);
    expect(existsSync(folder)).toBe(false);
    expect((await tta(['studio', '--forget'], { env }).exited).stdout).toBe(`Nothing is kept in ${folder}\n`);
  });

  it('prints the lines that the README has', () => {
    expect(readFileSync('README.md', 'utf8')).toContain(`\n${collectorLines('http://127.0.0.1:4319')}\n\`\`\``);
  });

  it('asks for a token where other machines can reach it, and prints it', async () => {
    const { run, url } = await startedStudio(['--host', '0.0.0.0']);
    const { searchParams, port } = new URL(url);
    const token = searchParams.get('token') ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    const api = `http://127.0.0.1:${port}/api/about`;
    expect((await fetch(api)).status).toBe(401);
    expect((await fetch(api, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    const [line] = await run.waitForStdout(/OTEL_EXPORTER_OTLP_HEADERS=.*/);
    expect(line).toContain(`Authorization=Bearer%20${token}`);
    const again = await tta(['studio', '--port', port]).exited;
    expect(again.stdout).toContain('runs already, and asks for its token');
  });

  it('takes the token of a file, and refuses one that is easily guessed', async () => {
    const folder = tempFolder({
      token: 'a-token-that-is-long-enough\n',
      short: 'abc',
      odd: 'a token with spaces and é',
    });
    const { url } = await startedStudio(['--token-file', join(folder, 'token')]);
    const headers = { authorization: 'Bearer a-token-that-is-long-enough' };
    expect((await fetch(new URL('/api/about', url), { headers })).status).toBe(200);
    for (const name of ['short', 'odd', 'missing']) {
      const { code, stderr } = await tta(['studio', '--port', '0', '--token-file', join(folder, name)]).exited;
      expect([name, code, stderr]).toEqual([name, 1, expect.stringMatching(/^tta: .*(?:must have 16|ENOENT)/)]);
    }
  });

  it.each([
    [['--port', '70000'], 'It must be a port from 0 to 65535'],
    [['--scrape', 'localhost:9464'], 'It must be a URL'],
    [['--keep', '0'], 'It must be a number above 0'],
    [['--max-size', 'big'], 'It must be a number above 0'],
    [['--max-size', '0.5'], 'It must be a number from 1 to'],
    [['--max-size', '1e300'], 'It must be a number from 1 to'],
    [['--host', 'no.such.host.invalid', '--port', '0'], 'no.such.host.invalid'],
    [['--host', '203.0.113.1', '--port', '0'], 'cannot listen on 203.0.113.1'],
  ])('refuses %j and says why', async (args, message) => {
    const { code, stderr } = await tta(['studio', ...args]).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it.skipIf(script === undefined)(
    'opens a browser where a terminal and a display are there, unless told not to',
    async () => {
      const folder = tempFolder({ 'xdg-open': '#!/bin/sh\necho "$1" > "$OPENED"\n' });
      chmodSync(join(folder, 'xdg-open'), 0o755);
      const opened = join(folder, 'opened');
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:CI|SSH_.*)$/.test(name)));
      const start = async (more: NodeJS.ProcessEnv, ...args: string[]) => {
        const command = [process.execPath, resolve('dist/src/tools/cli/tta.js'), 'studio', '--port', '0', ...args];
        const child = spawn(script as string, ['-qec', command.join(' '), '/dev/null'], {
          env: { ...env, XDG_STATE_HOME: folder, PATH: `${folder}:${env.PATH}`, OPENED: opened, ...more },
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        let output = '';
        for await (const chunk of child.stdout) {
          output += chunk;
          const url = /Studio {3}(\S+)[\s\S]*Ctrl-C/.exec(output)?.[1];
          if (url !== undefined) return { url, stop: () => child.kill('SIGTERM') };
        }
        throw new Error(output);
      };
      const quiet = [await start({ DISPLAY: ':0' }, '--no-open'), await start({ DISPLAY: ':0', CI: '1' })];
      const { url } = await start({ DISPLAY: ':0' });
      await expect.poll(() => existsSync(opened) && readFileSync(opened, 'utf8'), { timeout: 10_000 }).toBe(`${url}\n`);
      for (const { stop } of quiet) stop();
    },
  );
});

describe('Studio beside a digest', () => {
  it('ends with it, also when it is killed', async () => {
    const cwd = tempFolder(KETTLE);
    const run = tta(['digest', 'docs', '--studio-port', '0', '--every', '3600'], { cwd });
    const [, url = ''] = await run.waitForStdout(/Studio {3}(\S+)/);
    await run.waitForStdout(/Written to/);
    run.kill('SIGKILL');
    await expect.poll(() => isThere(url), { timeout: 10_000 }).toBe(false);
  });

  it('does not end it when it crashes, and the digest says so', async () => {
    const cwd = tempFolder(KETTLE);
    const run = tta(['digest', 'docs', '--studio-port', '0', '--every', '0.1'], { cwd });
    const [, url = ''] = await run.waitForStdout(/Studio {3}(\S+)/);
    const holder = await findPortHolder(Number(new URL(url).port), '127.0.0.1');
    process.kill(holder?.pid as number, 'SIGSEGV');
    await run.waitForStderr(/Studio has ended: it ended by SIGSEGV\. Start it again with: npx tta studio --port \d+\n/);
    await run.waitForStdout(/run 2 [\s\S]*Written to/);
    run.kill('SIGINT');
    expect((await run.exited).signal).toBe('SIGINT');
  });

  it('has the spans of a run that Ctrl-C has ended, also that of the root, in its file', async () => {
    const cwd = tempFolder(MANY);
    const env = { XDG_STATE_HOME: join(cwd, 'state') };
    const run = tta(['digest', 'docs', '--studio-port', '0', '--concurrency', '1', '--out', 'd.md'], { cwd, env });
    const [, own = ''] = await run.waitForStdout(/Studio {3}(\S+)/);
    await expect.poll(() => outcomes(own), { timeout: 20_000 }).toEqual([['running', 'digest']]);
    run.kill('SIGINT');
    expect((await run.exited).signal).toBe('SIGINT');
    expect(await isThere(own)).toBe(false);
    const { url } = await startedStudio([], env);
    expect(await outcomes(url)).toEqual([['cancelled', 'digest']]);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'stays for a second digest when %s ends the one that has started it',
    async (signal) => {
      const cwd = tempFolder(KETTLE);
      const env = { XDG_STATE_HOME: join(cwd, 'state') };
      const digest = (port: string, out: string) =>
        tta(['digest', 'docs', '--studio-port', port, '--every', '0.1', '--out', out], { cwd, env });
      const one = digest('0', 'one.md');
      const [, url = ''] = await one.waitForStdout(/Studio {3}(\S+)/);
      await one.waitForStdout(/Written to/);
      const other = digest(new URL(url).port, 'other.md');
      await other.waitForStdout(/Studio runs there already/);
      one.kill(signal);
      expect((await one.exited).signal).toBe(signal);
      const newest = async () => (await json<RunsAnswer>(`${url}/api/runs`)).change;
      const change = await newest();
      await expect.poll(newest, { timeout: 10_000 }).toBeGreaterThan(change + 10);
      other.kill('SIGINT');
      const { stderr } = await other.exited;
      expect(stderr).not.toContain('lost');
      await expect.poll(() => isThere(url), { timeout: 10_000 }).toBe(false);
    },
  );

  it('that another program has started and that ends before is missed in words', async () => {
    const cwd = tempFolder(KETTLE);
    const { run, url } = await startedStudio();
    const digest = tta(['digest', 'docs', '--studio-port', new URL(url).port, '--every', '0.1'], { cwd });
    await digest.waitForStdout(/Studio runs there already/);
    run.kill('SIGKILL');
    await digest.waitForStderr(
      /Studio has ended: it closed the connection\. Start it again with: npx tta studio --port \d+\n/,
    );
    await digest.waitForStdout(/run 2 [\s\S]*Written to/);
  });

  it('is one that runs already, which has the last spans too and goes on', async () => {
    const cwd = tempFolder(MANY);
    const { url } = await startedStudio();
    const { port } = new URL(url);
    const run = tta(['digest', 'docs', '--studio-port', port, '--concurrency', '1'], { cwd });
    await run.waitForStdout(/Studio runs there already/);
    await expect.poll(() => outcomes(url), { timeout: 20_000 }).toEqual([['running', 'digest']]);
    run.kill('SIGINT');
    await run.exited;
    expect(await outcomes(url)).toEqual([['cancelled', 'digest']]);
    expect(await isThere(url)).toBe(true);
  });
});
