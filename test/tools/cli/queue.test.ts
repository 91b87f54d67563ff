import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Primitive, task } from '../../../src/index.ts';
import { bullmqQueue, distribute, type JobQueue, natsQueue } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { startNats } from '../../support/nats.ts';
import { startRedis } from '../../support/redis.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

interface Engine {
  readonly option: readonly string[];
  /** The queue as a program has it. */
  readonly queue: JobQueue;
  /** Sends a job with this input. Nobody waits for its end. */
  send(input: unknown): Promise<void>;
  /** Sends a job, has it given up, and resolves when it is dead. */
  die(input: unknown, why?: string): Promise<void>;
}

async function engineOf(kind: 'redis' | 'nats'): Promise<Engine> {
  const server = await (kind === 'redis' ? startRedis() : startNats());
  onTestFinished(() => server.kill('SIGKILL'));
  const { url } = server;
  const queue = kind === 'redis' ? bullmqQueue('texts', { url }) : natsQueue('texts', { servers: url });
  onTestFinished(() => queue.close());
  const never = task('summarise', (): unknown => undefined) as Primitive<unknown, unknown>;
  const remote = distribute('summarise', never, { queue });
  const waiting = async () => (await queue.stats()).waiting;
  const dead = async () => (await queue.stats()).dead;
  const engine: Engine = {
    option: [`--${kind}`, url],
    queue,
    async send(input) {
      const before = await waiting();
      remote.execute(input).catch(() => {});
      await expect.poll(waiting, { timeout: 20_000 }).toBe(before + 1);
    },
    async die(input, why = 'it has ended 3 workers') {
      const before = await dead();
      await engine.send(input);
      const events = { failed() {}, died() {}, restarted() {} };
      const worker = await queue.work(async () => ({ end: 'dead', why }), { concurrency: 1, events });
      await expect.poll(dead, { timeout: 20_000 }).toBe(before + 1);
      await worker.drain(1_000);
    },
  };
  return engine;
}

/** What a terminal obeys: an escape, a bell. */
const CONTROLS = new RegExp(`[${String.fromCharCode(27, 7)}]`);

async function run(...args: readonly string[]) {
  const { code, stdout, stderr } = await tta(['queue', ...args]).exited;
  return { code, stdout, stderr };
}

const ENGINES = (['redis', 'nats'] as const).filter((kind) => component(`${kind}-server`) !== undefined);

describe.each(ENGINES)('tta queue with %s', (kind) => {
  it('shows how many jobs a queue has, and of which kind', async () => {
    const { option, send, die } = await engineOf(kind);
    await die('one');
    await send('two');
    await send('three');
    const { code, stdout } = await run('texts', ...option);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Queue {4}texts in \w+ at \w+:\/\/127\.0\.0\.1:\d+$/m);
    expect(stdout).toMatch(/^waiting {2}2, the oldest for [\d.]+ m?s$/m);
    expect(stdout).toMatch(/^dead {5}1: tta queue dead texts lists them$/m);
    const { stdout: json } = await run('texts', '--json', ...option);
    expect(JSON.parse(json)).toMatchObject({ name: 'texts', waiting: 2, running: 0, delayed: 0, dead: 1 });
  });

  it('lists dead jobs, and shows one of them without its input, which is data of a user', async () => {
    const { option, die } = await engineOf(kind);
    await die('first');
    await die({ secret: 'of a user' }, 'it has ended 3 workers');
    const { stdout } = await run('dead', 'texts', ...option);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^[\da-f-]{36} {2}\d{4}-\S+Z {2}summarise, \d starts?: it has ended 3 workers$/);
    const [id = ''] = (lines[0] ?? '').split(' ');
    const shown = await run('show', 'texts', id, ...option);
    expect(shown.stdout).toMatch(/^primitive {5}summarise$/m);
    expect(shown.stdout).toMatch(/^why {11}it has ended 3 workers$/m);
    expect(stdout + shown.stdout).not.toContain('of a user');
    expect((await run('show', 'texts', id, '--input', ...option)).stdout).toMatch(
      /^input {9}\{"secret":"of a user"\}$/m,
    );
    const { stdout: one } = await run('dead', 'texts', '--limit', '1', '--json', ...option);
    expect(JSON.parse(one)).toMatchObject([{ id, primitive: 'summarise' }]);
    expect(one).not.toContain('of a user');
  });

  it('lets one dead job wait again, or all', async () => {
    const { option, queue, die } = await engineOf(kind);
    for (const input of ['a', 'b', 'c']) await die(input);
    const ids = JSON.parse((await run('dead', 'texts', '--json', ...option)).stdout).map(
      ({ id }: { id: string }) => id,
    );
    expect(await run('retry', 'texts', ids[0], ...option)).toMatchObject({ code: 0, stdout: '1 job retried\n' });
    expect(await queue.stats()).toMatchObject({ waiting: 1, dead: 2 });
    expect(await run('retry', 'texts', '--all', ...option)).toMatchObject({ code: 0, stdout: '2 jobs retried\n' });
    expect(await queue.stats()).toMatchObject({ waiting: 3, dead: 0 });
  });

  it('deletes dead jobs when it is told to go on', async () => {
    const { option, queue, die } = await engineOf(kind);
    await die('a');
    const asked = await run('drop', 'texts', '--all', ...option);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain('tta: nothing was deleted: 1 dead job of texts. Add --yes to go on\n');
    expect((await queue.stats()).dead).toBe(1);
    expect(await run('drop', 'texts', '--all', '--yes', ...option)).toMatchObject({
      code: 0,
      stdout: '1 job deleted\n',
    });
    expect((await queue.stats()).dead).toBe(0);
    expect((await run('dead', 'texts', ...option)).stdout).toBe('texts has no dead jobs\n');
  });

  it('finds a queue whose program gives it a prefix', async () => {
    const { option } = await engineOf(kind);
    const url = option[1] as string;
    const queue =
      kind === 'redis'
        ? bullmqQueue('texts', { url, prefix: 'mine' })
        : natsQueue('texts', { servers: url, prefix: 'mine' });
    onTestFinished(() => queue.close());
    await queue.send({ id: 'job', replyTo: 'nowhere', body: new Uint8Array(10) }, new AbortController().signal);
    const waiting = async (...args: string[]) =>
      JSON.parse((await tta(['queue', 'texts', ...option, '--json', ...args]).exited).stdout).waiting;
    expect(await waiting()).toBe(0);
    expect(await waiting('--prefix', 'mine')).toBe(1);
  });

  it('says which job is not there', async () => {
    const { option } = await engineOf(kind);
    for (const words of [['show'], ['retry'], ['drop', '--yes']]) {
      const { code, stderr } = await run(...words, 'texts', 'no-such-id', ...option);
      expect(code).toBe(1);
      expect(stderr).toContain('texts has no dead job no-such-id: tta queue dead texts lists them');
    }
  });

  it('shows nothing that a terminal would obey', async () => {
    const { option, die } = await engineOf(kind);
    await die('\u001b[2J', '\u001b]0;title\u0007 and\nWorker 1 has stopped');
    const listed = await run('dead', 'texts', ...option);
    expect(listed.stdout).not.toMatch(CONTROLS);
    expect(listed.stdout.trim().split('\n')).toHaveLength(1);
    const [id = ''] = listed.stdout.split(' ');
    const shown = await run('show', 'texts', id, '--input', ...option);
    expect(shown.stdout).not.toMatch(CONTROLS);
  });

  it('shows no credential that was in the reason, as JSON either', async () => {
    const { option, die } = await engineOf(kind);
    await die('x', 'redis://u:hunter2secret@host is away');
    const listed = await run('dead', 'texts', '--json', ...option);
    expect(JSON.parse(listed.stdout)[0].why).toBe('redis://[redacted]@host is away');
    const shown = await run('show', 'texts', JSON.parse(listed.stdout)[0].id, '--json', ...option);
    expect(shown.stdout).not.toContain('hunter2secret');
  });
});

describe('tta queue', () => {
  it.each(['redis', 'nats'])('says within seconds that %s does not answer', async (kind) => {
    const { code, stderr } = await run('texts', `--${kind}`, `${kind}://127.0.0.1:${await freePort()}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tta: the queue texts .*(?:Redis|NATS)/);
  });

  it.each([
    [['retry', 'texts'], 'name the jobs by their ids, or give --all'],
    [['drop', 'texts', 'id', '--all'], 'name the jobs by their ids, or give --all'],
    [[], "missing required argument 'name'"],
  ])('refuses %j and says why', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});

it('says where it has looked for an engine that is not there, without a password', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const { code, stderr } = await run('texts', '--redis', `redis://:hunter2secret@${address}`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^tta: the queue texts is not available: Redis cannot be reached: .*Its address: redis:/);
  expect(stderr).toContain(address);
  expect(stderr).not.toContain('hunter2secret');
});
