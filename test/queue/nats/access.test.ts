import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { natsQueue, QueueAwayError } from '../../../src/queue/index.ts';
import { ENTRY, runModule } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { type Nats, startNats } from '../../support/nats.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const signal = new AbortController().signal;
const job = { id: 'job', replyTo: 'nowhere', body: new Uint8Array(10) };

describe('the options of natsQueue', () => {
  const servers = 'nats://127.0.0.1:4222';

  it.each<[string, unknown, RegExp]>([
    ['texts', {}, /must say which server, by servers or connect/],
    ['texts', { servers, connect: async () => undefined }, /connect is of no use beside servers/],
    ['texts', { servers: 'http://secret@127.0.0.1' }, /servers must be addresses such as nats:/],
    ['texts', { servers: 'nats://u:secret%@127.0.0.1' }, /servers must be addresses such as nats:/],
    ['texts', { servers: [] }, /servers must be an address or several/],
    ['texts', { servers: [7] }, /servers must be an address or several/],
    ['texts', { servers, maxWaiting: 0 }, /maxWaiting/],
    ['texts', { servers, lockMs: 1 }, /lockMs/],
    ['texts', { servers, storage: 'disk' }, /storage must be 'file' or 'memory'/],
    ['texts', { servers, prefix: 'a-b' }, /prefix must have only letters, digits and _/],
    ['texts', { servers, maxWait: 1 }, /did you mean maxWaiting/],
    ['my texts', { servers }, /natsQueue: name must have only letters/],
    ['a.b', { servers }, /natsQueue: name must have only letters/],
  ])('%s, %j is refused', (name, options, message) => {
    const make = () => natsQueue(name, options as { servers: string });
    expect(make).toThrow(message);
    expect(make).not.toThrow(/secret/);
  });

  it('open no connection', () => {
    natsQueue('texts', { servers: ['nats://127.0.0.1:1', '127.0.0.1:2', 'tls://[::1]:3'] });
  });
});

describe('a name of a server that cannot be looked up', () => {
  it('is waited for as a server that is away is', async () => {
    const queue = natsQueue('texts', { servers: 'nats://no-such-host.invalid', maxAwayMs: 300 });
    const away = await queue.stats().catch((error: Error) => error);
    expect(away).toBeInstanceOf(QueueAwayError);
    expect((away as Error).message).toBe('the queue texts is not available: NATS cannot be reached');
    await queue.close();
  });
});

describe.skipIf(component('nats-server') === undefined)('a NATS server', () => {
  let nats: Nats;
  afterEach(() => nats.kill('SIGKILL'));

  const url = (user: string) => nats.url.replace('//', `//${user}@`);
  const shown = (error: Error & { cause?: unknown }): string =>
    `${error.message} ${error.stack} ${error.cause instanceof Error ? shown(error.cause) : ''}`;

  it('is given the user and the password of the address, and no error shows them', async () => {
    nats = await startNats({ options: ['--user', 'ann', '--pass', 'hush/hush'] });
    const queue = natsQueue('texts', { servers: url('ann:hush%2Fhush') });
    await queue.send(job, signal);
    await queue.close();
    const wrong = natsQueue('texts', { servers: url('ann:geheim'), maxAwayMs: 60_000 });
    const refused = await wrong.send(job, signal).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(QueueAwayError);
    expect((refused as Error).message).toContain('NATS refuses the user or the password');
    expect(shown(refused as Error)).not.toMatch(/geheim|hush/);
    await expect(wrong.work(async () => ({ end: 'done' }), { concurrency: 1, events })).rejects.toThrow(/NATS refuses/);
    await wrong.close();
  });

  it('is given the token of the address', async () => {
    nats = await startNats({ options: ['--auth', 'geheim'] });
    const queue = natsQueue('texts', { servers: url('geheim') });
    await queue.send(job, signal);
    await queue.close();
  });

  it('holds queues with the same name apart by their prefixes', async () => {
    nats = await startNats();
    const queues = [{}, { prefix: 'other' }].map((more) => natsQueue('texts', { servers: nats.url, ...more }));
    const [ours, other] = queues as [(typeof queues)[0], (typeof queues)[0]];
    await ours.send(job, signal);
    expect((await other.stats()).waiting).toBe(0);
    await other.send(job, signal);
    await other.remove();
    expect((await ours.stats()).waiting).toBe(1);
    for (const queue of queues) await queue.close();
  });

  it('can be reached by a connection of the caller', async () => {
    nats = await startNats();
    const made: Awaited<ReturnType<typeof connect>>[] = [];
    const queue = natsQueue('texts', {
      connect: async () => {
        made.push(await connect({ servers: nats.url, maxReconnectAttempts: -1 }));
        return made[0] as (typeof made)[number];
      },
    });
    await queue.send(job, signal);
    expect((await queue.stats()).waiting).toBe(1);
    await queue.close();
    expect(made.map((connection) => connection.isClosed())).toEqual([true]);
  });

  it('that takes less than the queue says so when a body is too large', async () => {
    nats = await startNats();
    const queue = natsQueue('texts', { servers: nats.url, maxBodyBytes: 5_000_000 });
    await expect(queue.send({ ...job, body: new Uint8Array(2_000_000) }, signal)).rejects.toThrow(/max_payload/);
    await queue.send(job, signal);
    await queue.close();
  });

  it('has the options of the process that names them', async () => {
    nats = await startNats();
    const open = (options = {}) => natsQueue('texts', { servers: nats.url, ...options });
    const first = open({ maxWaiting: 1 });
    await first.send(job, signal);
    await expect(first.send({ ...job, id: 'two' }, signal)).rejects.toThrow(/full/);
    const second = open({ maxWaiting: 2 });
    await second.send({ ...job, id: 'two' }, signal);
    const third = open();
    await expect(third.send({ ...job, id: 'three' }, signal)).rejects.toThrow(/full/);
    await Promise.all([first.close(), second.close(), third.close()]);
  });
});

const events = { failed() {}, died() {}, restarted() {} };

it.skipIf(component('nats-server') === undefined)('a NATS server without JetStream is named', async () => {
  const nats = await startNats({ isPlain: true });
  const queue = natsQueue('texts', { servers: nats.url, maxAwayMs: 500 });
  await expect(queue.send(job, signal)).rejects.toThrow(/JetStream does not answer/);
  await queue.close();
  await nats.kill('SIGKILL');
});

it.skipIf(component('nats-server') === undefined)(
  'a NATS server whose disk is full takes no job, and says so',
  async () => {
    const folder = tempFolder({ 'nats.conf': 'jetstream { max_file_store: 3MB }' });
    const nats = await startNats({ options: ['--config', `${folder}/nats.conf`] });
    const queue = natsQueue('texts', { servers: nats.url, maxAwayMs: 300 });
    const sends = Array.from({ length: 8 }, (_, at) =>
      queue.send({ ...job, id: `${at}`, body: new Uint8Array(900_000) }, signal),
    );
    const refused = (await Promise.allSettled(sends)).filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(QueueAwayError);
      expect(reason.message).toMatch(/resource|storage/);
    }
    expect((await queue.stats()).waiting).toBe(8 - refused.length);
    await queue.close();
    await nats.kill('SIGKILL');
  },
);

it.skipIf(component('nats-server') === undefined)(
  'a process waits for a NATS server that is not there, and goes on when it is',
  async () => {
    const port = await freePort();
    const program = runModule(`
    import { natsQueue } from '${ENTRY.queue}';
    const queue = natsQueue('texts', { servers: 'nats://127.0.0.1:${port}' });
    console.log('waits');
    await queue.send({ id: 'job', replyTo: 'nowhere', body: new Uint8Array() }, new AbortController().signal);
    console.log('sent');
  `);
    await program.says('waits');
    const nats = await startNats({ port });
    expect(await program.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('sent') });
    await nats.kill('SIGKILL');
  },
);
