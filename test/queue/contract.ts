/** What every queue engine does, as `job-queue.ts` says it: each engine runs these tests. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manyListenersController } from '../../src/platform/abort.ts';
import {
  type DeadJob,
  type JobEnd,
  type JobHandler,
  type JobQueue,
  type JobRun,
  QueueAwayError,
  type QueuedJob,
  QueueFullError,
  type QueueMessage,
  type WorkerHandle,
} from '../../src/queue/index.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';

export interface EngineSettings {
  readonly maxWaiting?: number;
  readonly maxAwayMs?: number;
  readonly lockMs?: number;
  readonly maxDeliveries?: number;
}

export interface EngineUnderTest {
  /** A client of the queue with this name, as another process would have one. */
  connect(name: string, settings?: EngineSettings): JobQueue;
  /** What other processes need. `undefined`: the queue is in one process only, and cannot be away. */
  readonly server: EngineServer | undefined;
}

export interface EngineServer {
  /** `connect` as an expression, for a program that has imported `tta-primitives/queue` as `queues`. */
  expression(name: string, settings: EngineSettings): string;
  /** Ends it at once. */
  stop(): Promise<void>;
  /** Starts it with all that it had. */
  start(): Promise<void>;
  /** Starts it with nothing. */
  startEmpty(): Promise<void>;
}

const PATIENCE_MS = 30_000;
const DONE: JobEnd = { end: 'done' };
const never = manyListenersController().signal;

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => Buffer.from(body).toString();
const eventually = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: PATIENCE_MS, interval: 10 });

/** Listens to what an engine says, and fails no test because of it. */
function events() {
  const said: string[] = [];
  const say = (what: string) => void said.push(what);
  return { said, failed: say, died: say, restarted: () => say('restarted') };
}

/** What a worker was given, and a hand on each run. */
interface Start {
  readonly job: QueuedJob;
  readonly run: JobRun;
  readonly messages: string[];
  end(how?: JobEnd): void;
}

export function describeQueue(engineName: string, engine: () => EngineUnderTest): void {
  describe(`the queue contract on ${engineName}`, () => {
    const handles: WorkerHandle[] = [];
    const queues: JobQueue[] = [];
    afterEach(async () => {
      endChildren();
      await Promise.all(handles.splice(0).map((handle) => handle.drain(0)));
      await Promise.all(queues.splice(0).map((queue) => queue.close()));
    });

    let name = '';
    const fresh = () => {
      name = `texts-${randomUUID()}`;
      return connect();
    };
    const connect = (settings?: EngineSettings) => {
      const queue = engine().connect(name, settings);
      queues.push(queue);
      return queue;
    };
    const work = async (queue: JobQueue, handler: JobHandler, concurrency = 4) => {
      const handle = await queue.work(handler, { concurrency, events: events() });
      handles.push(handle);
      return handle;
    };
    /** A worker whose runs end when the test says so. */
    const workByHand = async (queue: JobQueue, concurrency = 4) => {
      const starts: Start[] = [];
      const handle = await work(
        queue,
        (job, run) =>
          new Promise((end) => {
            const messages: string[] = [];
            run.onMessage((message) => messages.push(text(message)));
            starts.push({ job, run, messages, end: (how = DONE) => end(how) });
          }),
        concurrency,
      );
      const started = async (count = 1) => {
        await eventually(() => expect(starts.length).toBeGreaterThanOrEqual(count));
        return starts[count - 1] as Start;
      };
      return { handle, starts, started };
    };
    const listen = async (queue: JobQueue, waiting: () => Iterable<string> = () => []) => {
      const messages: QueueMessage[] = [];
      const inbox = await queue.open({ on: (message) => messages.push(message), waiting, events: events() });
      const got = async (count: number) => {
        await eventually(() => expect(messages.length).toBeGreaterThanOrEqual(count));
        return messages.map((message) => ('body' in message ? text(message.body) : message));
      };
      return { ...inbox, messages, got };
    };
    const jobOf = (body = '', more: Partial<QueuedJob> = {}): QueuedJob => ({
      id: randomUUID(),
      replyTo: 'nowhere',
      body: bytes(body),
      ...more,
    });
    const send = async (queue: JobQueue, body?: string, more?: Partial<QueuedJob>) => {
      const job = jobOf(body, more);
      await queue.send(job, never);
      return job;
    };
    const echo: JobHandler = async (job, run) => {
      await run.reply(job.body);
      return DONE;
    };
    const deadOf = async (queue: JobQueue, from = 0, count = 100) => {
      const found: DeadJob[] = [];
      for await (const job of queue.dead.list(from, count)) found.push(job);
      return found;
    };

    describe('a job', () => {
      it('comes to a worker, and its reply to the inbox that it names', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        const other = await listen(connect());
        await work(connect(), echo);
        const { id } = await send(queue, 'ask', { replyTo: inbox.address });
        expect(await inbox.got(1)).toEqual(['ask']);
        expect(inbox.messages[0]?.id).toBe(id);
        await send(queue, 'other', { replyTo: other.address });
        expect(await other.got(1)).toEqual(['other']);
        expect(inbox.messages).toHaveLength(1);
      });

      it('is kept until a worker comes', async () => {
        const queue = fresh();
        const { id } = await send(queue, 'ask');
        const { started } = await workByHand(connect());
        const { job, run, end } = await started();
        expect([job.id, text(job.body), run.delivery]).toEqual([id, 'ask', 1]);
        end();
      });

      it('starts after those that were sent before it', async () => {
        const queue = fresh();
        const sent: string[] = [];
        for (let at = 0; at < 20; at++) sent.push((await send(queue, `${at}`)).id);
        const order: string[] = [];
        await work(
          queue,
          async ({ id }) => {
            order.push(id);
            return DONE;
          },
          1,
        );
        await eventually(() => expect(order).toHaveLength(20));
        expect(order).toEqual(sent);
      });

      it('is one job when it is sent again', async () => {
        const queue = fresh();
        const job = await send(queue, 'ask');
        await send(queue, 'ask', job);
        expect((await queue.stats()).waiting).toBe(1);
        const { starts, started } = await workByHand(queue);
        const { end } = await started();
        await send(queue, 'ask', job);
        end();
        await eventually(async () => expect((await queue.stats()).running).toBe(0));
        await send(queue, 'ask', job);
        const { id } = await send(queue, 'next');
        expect((await started(2)).job.id).toBe(id);
        expect(starts).toHaveLength(2);
        starts[1]?.end();
      });

      it('runs once on one of two workers', async () => {
        const queue = fresh();
        const runs: string[] = [];
        const handler: JobHandler = async ({ id }) => {
          runs.push(id);
          return DONE;
        };
        await work(connect(), handler);
        await work(connect(), handler);
        const sent = await Promise.all(Array.from({ length: 50 }, () => send(queue)));
        await eventually(async () => {
          const { waiting, running } = await queue.stats();
          expect([runs.length >= 50, waiting, running]).toEqual([true, 0, 0]);
        });
        expect(runs.sort()).toEqual(sent.map(({ id }) => id).sort());
      });

      it('runs beside as many others as the worker allows', async () => {
        const queue = fresh();
        let most = 0;
        let ended = 0;
        const handle = await work(
          queue,
          async () => {
            most = Math.max(most, handle.running);
            await new Promise((tick) => setImmediate(tick));
            ended += 1;
            return DONE;
          },
          3,
        );
        await Promise.all(Array.from({ length: 20 }, () => send(queue)));
        await eventually(() => expect(ended).toBe(20));
        expect(most).toBeLessThanOrEqual(3);
        const { starts, started } = await workByHand(connect(), 2);
        await handle.drain(PATIENCE_MS);
        await Promise.all(Array.from({ length: 5 }, () => send(queue)));
        await started(2);
        expect((await queue.stats()).waiting).toBe(3);
        for (let at = 0; at < 5; at++) (await started(at + 1)).end();
        expect(starts).toHaveLength(5);
      });

      it('starts in the asynchronous context of its worker, not in that of the caller that sends it', async () => {
        const queue = fresh();
        const storage = new AsyncLocalStorage<string>();
        const seen: unknown[] = [];
        await storage.run('first caller', () => send(queue));
        await storage.run('worker', () =>
          work(queue, async () => {
            seen.push(storage.getStore());
            return DONE;
          }),
        );
        await storage.run('second caller', () => send(queue));
        await eventually(() => expect(seen).toEqual(['worker', 'worker']));
      });

      it('says for how long somebody waits for it, and how long it has waited', async () => {
        const queue = fresh();
        await send(queue, 'soon', { expiresInMs: 60_000 });
        await send(queue, 'whenever');
        const { started } = await workByHand(queue, 1);
        const soon = await started();
        expect(soon.run.expiresInMs).toBeGreaterThan(0);
        expect(soon.run.expiresInMs).toBeLessThanOrEqual(60_000 - (soon.run.waitedMs ?? 0) + 1);
        soon.end();
        const whenever = await started(2);
        expect(whenever.run.expiresInMs).toBeUndefined();
        expect(whenever.run.waitedMs).toBeGreaterThanOrEqual(0);
        whenever.end();
      });
    });

    describe('a body', () => {
      it('arrives as it was, whatever its text is', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        await work(queue, echo);
        const every = String.fromCodePoint(...Array.from({ length: 0x500 }, (_, at) => at), 0xfeff, 0xffff, 0x1f600);
        for (const [at, body] of [every, '', `\ufeff${every}`, 'é'.repeat(400_000)].entries()) {
          await send(queue, body, { replyTo: inbox.address });
          await inbox.got(at + 1);
          const message = inbox.messages[at] as { body: Uint8Array };
          expect(Buffer.compare(message.body, bytes(body))).toBe(0);
        }
      });

      it('is refused when it is larger than the queue takes', async () => {
        const queue = fresh();
        const tooLarge = jobOf('x'.repeat(queue.maxBodyBytes + 1));
        await expect(queue.send(tooLarge, never)).rejects.toThrow(RangeError);
        expect((await queue.stats()).waiting).toBe(0);
      });

      it('is taken when it is as large as the queue takes', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        await work(queue, echo);
        await send(queue, 'x'.repeat(queue.maxBodyBytes), { replyTo: inbox.address });
        await inbox.got(1);
        expect((inbox.messages[0] as { body: Uint8Array }).body.length).toBe(queue.maxBodyBytes);
      });
    });

    describe('the replies to a job', () => {
      it('arrive in their order', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        await work(queue, async (_, run) => {
          for (let at = 0; at < 20; at++) await run.reply(bytes(`${at}`));
          return DONE;
        });
        await send(queue, '', { replyTo: inbox.address });
        expect(await inbox.got(20)).toEqual(Array.from({ length: 20 }, (_, at) => `${at}`));
      });

      it('end with the one that comes with the end of the job', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        await work(queue, async (_, run) => {
          await run.reply(bytes('first'));
          return { end: 'done', reply: bytes('last') };
        });
        await send(queue, '', { replyTo: inbox.address });
        expect(await inbox.got(2)).toEqual(['first', 'last']);
        await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 0 }));
      });

      it.each(['by themselves', 'with the end'])('do no harm %s when their inbox is closed', async (how) => {
        const queue = fresh();
        const inbox = await listen(queue);
        await inbox.close();
        await work(queue, how === 'with the end' ? async ({ body }) => ({ end: 'done', reply: body }) : echo);
        await send(queue, '', { replyTo: inbox.address });
        await eventually(async () => {
          const { waiting, running, dead } = await queue.stats();
          expect([waiting, running, dead]).toEqual([0, 0, 0]);
        });
      });
    });

    describe('a queue that is full', () => {
      it('takes as many jobs as may wait, and refuses the others', async () => {
        fresh();
        const queue = connect({ maxWaiting: 10 });
        const sends = await Promise.allSettled(Array.from({ length: 200 }, () => send(queue)));
        const refused = sends.filter(({ status }) => status === 'rejected');
        expect(refused).toHaveLength(190);
        for (const each of refused) expect((each as PromiseRejectedResult).reason).toBeInstanceOf(QueueFullError);
        expect((await queue.stats()).waiting).toBe(10);
      });

      it('counts those too that come back later, such as those that no worker knows', async () => {
        fresh();
        const queue = connect({ maxWaiting: 2 });
        const { started } = await workByHand(queue, 1);
        for (const nth of [1, 2]) {
          await send(queue);
          (await started(nth)).end({ end: 'handed_back', delayMs: 600_000 });
          await eventually(async () => expect(await queue.stats()).toMatchObject({ delayed: nth, running: 0 }));
        }
        await expect(send(queue)).rejects.toThrow(QueueFullError);
      });

      it('takes jobs again when a worker has made room', async () => {
        fresh();
        const queue = connect({ maxWaiting: 1 });
        await send(queue);
        await expect(send(queue)).rejects.toThrow(QueueFullError);
        const { started } = await workByHand(queue, 1);
        (await started()).end();
        await eventually(async () => expect((await queue.stats()).running).toBe(0));
        await send(queue);
        (await started(2)).end();
      });
    });

    describe('a cancelled job', () => {
      it('is not started if it waits', async () => {
        const queue = fresh();
        const { id } = await send(queue, 'cancelled');
        expect(await connect().cancel(id, bytes('enough'))).toBe(true);
        expect((await queue.stats()).waiting).toBe(0);
        const { id: next } = await send(queue, 'next');
        const { starts, started } = await workByHand(queue);
        expect((await started()).job.id).toBe(next);
        starts[0]?.end();
      });

      it('is not started again if it was handed back', async () => {
        const queue = fresh();
        const { starts, started } = await workByHand(queue);
        const { id } = await send(queue, 'cancelled');
        (await started()).end({ end: 'handed_back', delayMs: 500 });
        await eventually(async () => expect((await queue.stats()).delayed).toBe(1));
        expect(await connect().cancel(id, bytes('enough'))).toBe(true);
        await eventually(async () => expect((await queue.stats()).delayed).toBe(0));
        await send(queue, 'later');
        (await started(2)).end({ end: 'handed_back', delayMs: 600 });
        (await started(3)).end();
        expect(starts.map(({ job }) => text(job.body))).toEqual(['cancelled', 'later', 'later']);
      });

      it('gets the message if it runs', async () => {
        const queue = fresh();
        const { started } = await workByHand(connect());
        const { id } = await send(queue);
        const { messages, end } = await started();
        expect(await queue.cancel(id, bytes('enough'))).toBe(false);
        await eventually(() => expect(messages).toEqual(['enough']));
        end();
      });

      it('gets the message also when it listens later', async () => {
        const queue = fresh();
        const got: string[] = [];
        let begun = false;
        let listenNow = () => {};
        await work(connect(), async (_, run) => {
          begun = true;
          await new Promise<void>((now) => {
            listenNow = now;
          });
          await new Promise<void>((stop) =>
            run.onMessage((message) => {
              got.push(text(message));
              stop();
            }),
          );
          return DONE;
        });
        const { id } = await send(queue);
        await eventually(() => expect(begun).toBe(true));
        await queue.cancel(id, bytes('enough'));
        listenNow();
        await eventually(() => expect(got).toEqual(['enough']));
      });

      it('may end at the same moment: it is no job that never began', async () => {
        const queue = fresh();
        const { starts, started } = await workByHand(connect(), 50);
        await Promise.all(Array.from({ length: 50 }, () => send(queue)));
        await started(50);
        const cancelled = starts.map(({ job, end }, i) => {
          const cancelling = queue.cancel(job.id, bytes('enough'));
          if (i % 2 === 0) end();
          else void cancelling.finally(() => end());
          return cancelling;
        });
        expect(new Set(await Promise.all(cancelled))).toEqual(new Set([false]));
      });

      it('may have ended, or never have been', async () => {
        const queue = fresh();
        const { started } = await workByHand(queue);
        const { id } = await send(queue);
        (await started()).end();
        await eventually(async () => expect((await queue.stats()).running).toBe(0));
        expect(await queue.cancel(id, bytes('enough'))).toBe(false);
        expect(await queue.cancel(randomUUID(), bytes('enough'))).toBe(false);
        const { id: next } = await send(queue, 'next');
        const second = await started(2);
        expect([second.job.id, second.messages]).toEqual([next, []]);
        second.end();
      });
    });

    describe('a message to a running job', () => {
      it('comes to its worker and to no other job, in order', async () => {
        const queue = fresh();
        const { started } = await workByHand(connect());
        const { id } = await send(queue, 'one');
        const one = await started();
        await send(queue, 'two');
        const two = await started(2);
        for (const message of ['first', 'second', 'third']) await queue.tell(id, bytes(message));
        await eventually(() => expect(one.messages).toEqual(['first', 'second', 'third']));
        expect(two.messages).toEqual([]);
        one.end();
        two.end();
      });

      it('is for nobody when the job waits, has ended, or is unknown', async () => {
        const queue = fresh();
        const { id } = await send(queue);
        await queue.tell(id, bytes('early'));
        await queue.tell(randomUUID(), bytes('strange'));
        const { started } = await workByHand(queue);
        const { messages, end } = await started();
        await queue.tell(id, bytes('now'));
        await eventually(() => expect(messages).toEqual(['now']));
        end();
      });
    });

    describe('a job that is handed back', () => {
      it('is started again, and no try is used', async () => {
        const queue = fresh();
        const { started } = await workByHand(queue);
        const { id } = await send(queue, 'ask');
        for (let at = 1; at <= 6; at++) {
          const { job, run, end } = await started(at);
          expect([job.id, text(job.body), run.delivery]).toEqual([id, 'ask', 1]);
          end(at < 6 ? { end: 'handed_back', delayMs: at % 2 === 0 ? 0 : 20 } : DONE);
        }
        await eventually(async () => {
          const { waiting, running, delayed, dead } = await queue.stats();
          expect([waiting, running, delayed, dead]).toEqual([0, 0, 0, 0]);
        });
      });

      it('waits for the delay, and others go before it', async () => {
        const queue = fresh();
        const { started } = await workByHand(queue, 1);
        await send(queue, 'delayed');
        (await started()).end({ end: 'handed_back', delayMs: 600_000 });
        await eventually(async () => expect((await queue.stats()).delayed).toBe(1));
        await send(queue, 'next');
        const next = await started(2);
        expect(text(next.job.body)).toBe('next');
        const { waiting, running, delayed } = await queue.stats();
        expect([waiting, running, delayed]).toEqual([0, 1, 1]);
        next.end();
      });
    });

    describe('a job that is given up', () => {
      it('is in the list of dead jobs, and its inbox is told', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        const { started } = await workByHand(queue);
        const { id } = await send(queue, 'bad', { replyTo: inbox.address });
        (await started()).end({ end: 'dead', why: 'it cannot be read' });
        await inbox.got(1);
        expect(inbox.messages).toEqual([{ id, dead: 'it cannot be read' }]);
        const [job] = await deadOf(connect());
        expect(job).toMatchObject({ id, why: 'it cannot be read', deliveries: 1 });
        expect(text(job?.body as Uint8Array)).toBe('bad');
        expect(job?.sentAt).toBeLessThanOrEqual(job?.diedAt as number);
        expect(await queue.dead.get(id)).toEqual(job);
        expect((await queue.stats()).dead).toBe(1);
      });

      it('is one whose handler rejects', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        await work(queue, async () => {
          throw new TypeError('no such text');
        });
        const { id } = await send(queue, '', { replyTo: inbox.address });
        await inbox.got(1);
        expect(inbox.messages[0]).toMatchObject({ id, dead: expect.stringContaining('no such text') });
        expect((await queue.dead.get(id))?.why).toContain('no such text');
      });

      it('is listed from the newest to the oldest, page by page', async () => {
        const queue = fresh();
        await work(queue, async (job) => ({ end: 'dead', why: text(job.body) }), 1);
        for (const body of ['1', '2', '3', '4', '5']) await send(queue, body);
        await eventually(async () => expect((await queue.stats()).dead).toBe(5));
        const all = await deadOf(queue);
        expect(all.map(({ why }) => why)).toEqual(['5', '4', '3', '2', '1']);
        expect(await queue.dead.drop(all[2]?.id as string)).toBe(true);
        expect((await deadOf(queue, 1, 2)).map(({ why }) => why)).toEqual(['4', '2']);
        expect(await deadOf(queue, 4, 2)).toEqual([]);
      });

      it('is started anew when it is retried, and answers then', async () => {
        const queue = fresh();
        const inbox = await listen(queue);
        const { started } = await workByHand(queue);
        const { id } = await send(queue, 'ask', { replyTo: inbox.address });
        (await started()).end({ end: 'dead', why: 'the disk is full' });
        await inbox.got(1);
        expect(await connect().dead.retry(id)).toBe(true);
        expect(await queue.dead.retry(id)).toBe(false);
        expect(await queue.dead.get(id)).toBeUndefined();
        const again = await started(2);
        expect([again.job.id, text(again.job.body), again.run.delivery]).toEqual([id, 'ask', 1]);
        await again.run.reply(bytes('answer'));
        again.end();
        expect((await inbox.got(2))[1]).toBe('answer');
        expect((await queue.stats()).dead).toBe(0);
      });

      it('is gone when it is dropped', async () => {
        const queue = fresh();
        await work(queue, async () => ({ end: 'dead', why: 'bad' }));
        const { id } = await send(queue);
        await eventually(async () => expect((await queue.stats()).dead).toBe(1));
        expect(await queue.dead.drop(id)).toBe(true);
        expect(await queue.dead.drop(id)).toBe(false);
        expect(await deadOf(queue)).toEqual([]);
        expect((await queue.stats()).dead).toBe(0);
      });
    });

    describe('the numbers of a queue', () => {
      it('are zero for a new one', async () => {
        expect(await fresh().stats()).toMatchObject({
          ...{ waiting: 0, running: 0, delayed: 0, dead: 0 },
          oldestMs: undefined,
        });
      });

      it('say what waits and runs, and how old the oldest is that waits', async () => {
        const queue = fresh();
        for (let at = 0; at < 5; at++) await send(queue);
        const { started } = await workByHand(connect(), 2);
        const starts = [await started(1), await started(2)];
        const before = await queue.stats();
        expect(before).toMatchObject({ waiting: 3, running: 2, delayed: 0, dead: 0 });
        expect(before.oldestMs).toBeGreaterThanOrEqual(0);
        await eventually(async () => expect((await queue.stats()).oldestMs).toBeGreaterThan(before.oldestMs as number));
        for (const { end } of starts) end();
        for (const at of [3, 4, 5]) (await started(at)).end();
        await eventually(async () =>
          expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, oldestMs: undefined }),
        );
      });
    });

    describe('a worker that drains', () => {
      it('waits for what runs, and takes no more', async () => {
        const queue = fresh();
        const { handle, starts, started } = await workByHand(queue, 2);
        await send(queue);
        await send(queue);
        const both = [await started(1), await started(2)];
        expect(handle.running).toBe(2);
        const drained = handle.drain(PATIENCE_MS);
        await send(queue, 'next');
        for (const { end } of both) end();
        expect(await drained).toEqual({ finished: 2, handedBack: 0, left: 0 });
        expect([handle.running, starts.length]).toEqual([0, 2]);
        const { started: startedByOther } = await workByHand(connect());
        const { job, run, end } = await startedByOther();
        expect([text(job.body), run.delivery]).toEqual(['next', 1]);
        end();
      });

      it('has nothing to wait for when it is idle', async () => {
        const { handle } = await workByHand(fresh());
        expect(await handle.drain(PATIENCE_MS)).toEqual({ finished: 0, handedBack: 0, left: 0 });
        expect(await handle.drain(0)).toEqual({ finished: 0, handedBack: 0, left: 0 });
      });

      it('leaves jobs that it hands back to another worker', async () => {
        const queue = fresh();
        const { handle, started } = await workByHand(queue, 2);
        await send(queue, 'finished');
        await send(queue, 'handed back');
        const starts = [await started(1), await started(2)];
        const other = await workByHand(connect());
        const drained = handle.drain(PATIENCE_MS);
        for (const { job, end } of starts)
          end(text(job.body) === 'finished' ? DONE : { end: 'handed_back', delayMs: 0 });
        expect(await drained).toEqual({ finished: 1, handedBack: 1, left: 0 });
        const { job, run, end } = await other.started();
        expect([text(job.body), run.delivery]).toEqual(['handed back', 1]);
        end();
      });

      it('aborts what is left at the end of its grace', async () => {
        const queue = fresh();
        const { handle, started } = await workByHand(queue, 2);
        await send(queue);
        const { run, end } = await started();
        expect(run.signal.aborted).toBe(false);
        expect(await handle.drain(20)).toEqual({ finished: 0, handedBack: 0, left: 1 });
        expect(run.signal.aborted).toBe(true);
        end();
      });
    });

    describe('closing a queue', () => {
      it('can be done twice, and what comes later is refused', async () => {
        const queue = fresh();
        await send(queue);
        await queue.close();
        await queue.close();
        await expect(send(queue)).rejects.toThrow(QueueAwayError);
      });

      it('can be done before the queue was ever used', async () => {
        await fresh().close();
      });
    });

    describe('removing a queue', () => {
      it('deletes all that it holds, and nothing of a queue with a similar name', async () => {
        const queue = fresh();
        const other = engine().connect(`${name}-more`);
        queues.push(other);
        const worker = await workByHand(queue);
        await send(queue);
        (await worker.started()).end({ end: 'dead', why: 'over' });
        await eventually(async () => expect((await queue.stats()).dead).toBe(1));
        await worker.handle.drain(PATIENCE_MS);
        await send(queue);
        await send(other);
        await queue.remove();
        expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, delayed: 0, dead: 0 });
        expect(await other.stats()).toMatchObject({ waiting: 1 });
      });
    });

    describe('a signal that has aborted', () => {
      it('sends nothing', async () => {
        const queue = fresh();
        const reason = new Error('enough');
        await expect(queue.send(jobOf(), AbortSignal.abort(reason))).rejects.toBe(reason);
        expect((await queue.stats()).waiting).toBe(0);
      });
    });

    const { server } = engine();
    if (server === undefined) return;

    describe('a worker that ends while it runs a job', () => {
      const settings = { lockMs: 1_000, maxDeliveries: 2 };
      const workElsewhere = async () => {
        const worker = runModule(`
          import * as queues from '${ENTRY.queue}';
          const events = { failed() {}, died() {}, restarted() {} };
          await ${server.expression(name, settings)}.work((job, run) => {
            console.log('started ' + run.delivery);
            return new Promise(() => {});
          }, { concurrency: 2, events });
          console.log('works');
        `);
        await worker.says('works');
        return worker;
      };

      it('leaves it to another worker', async () => {
        fresh();
        const queue = connect(settings);
        const inbox = await listen(queue);
        const worker = await workElsewhere();
        const { id } = await send(queue, 'ask', { replyTo: inbox.address });
        expect(await worker.says('started')).toBe('1');
        worker.kill('SIGKILL');
        const { started } = await workByHand(queue);
        const { job, run, end } = await started();
        expect([job.id, text(job.body), run.delivery]).toEqual([id, 'ask', 2]);
        await run.reply(bytes('answer'));
        end();
        expect(await inbox.got(1)).toEqual(['answer']);
      });

      it('makes a dead job of one that ends all its workers', async () => {
        fresh();
        const queue = connect(settings);
        const inbox = await listen(queue);
        const { id } = await send(queue, 'poison', { replyTo: inbox.address });
        for (const delivery of ['1', '2']) {
          const worker = await workElsewhere();
          expect(await worker.says('started')).toBe(delivery);
          worker.kill('SIGKILL');
          await worker.exited;
        }
        const { starts } = await workByHand(queue);
        await inbox.got(1);
        expect(inbox.messages).toEqual([{ id, dead: expect.any(String) }]);
        expect(await queue.dead.get(id)).toMatchObject({ id, why: expect.any(String) });
        expect(starts).toEqual([]);
        expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 1 });
      });
    });

    describe('a process', () => {
      const run = (program: string) =>
        runModule(`
          import * as queues from '${ENTRY.queue}';
          const events = { failed() {}, died() {}, restarted() {} };
          const queue = ${server.expression(name, {})};
          const job = { id: 'job', replyTo: 'nowhere', body: new Uint8Array() };
          ${program}
        `).exited;

      it('ends after its last call, also when the queue is open', async () => {
        const queue = fresh();
        const program = run(`
          const waiting = new Set(['job']);
          let answered;
          const reply = new Promise((resolve) => (answered = resolve));
          const on = ({ id, body }) => {
            waiting.delete(id);
            answered(new TextDecoder().decode(body));
          };
          const { address } = await queue.open({ on, waiting: () => waiting, events });
          await queue.send({ ...job, replyTo: address }, new AbortController().signal);
          console.log(await reply);
        `);
        await work(queue, async (_, run) => {
          await run.reply(bytes('answer'));
          return DONE;
        });
        expect(await program).toMatchObject({ code: 0, stdout: 'answer\n' });
      });

      it('ends when its worker has drained and its queue is closed', async () => {
        fresh();
        const exit = await run(`
          const worker = await queue.work(async () => ({ end: 'done' }), { concurrency: 2, events });
          await queue.send(job, new AbortController().signal);
          await worker.drain(10_000);
          await queue.close();
        `);
        expect(exit).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Error') });
      });
    });

    describe('while the engine is away', () => {
      afterEach(() => server.start());
      /** A queue that has been used, whose engine is away now. */
      const away = async (settings?: EngineSettings) => {
        fresh();
        const queue = connect(settings);
        await queue.stats();
        await server.stop();
        return queue;
      };

      it('a job waits to be sent, and is sent when it is back', async () => {
        const queue = await away();
        const sent = send(queue, 'patient');
        await server.start();
        await sent;
        const { started } = await workByHand(queue);
        const { job, end } = await started();
        expect(text(job.body)).toBe('patient');
        end();
      });

      it('a call ends when its signal aborts', async () => {
        const queue = await away();
        const caller = new AbortController();
        const sent = queue.send(jobOf(), caller.signal);
        const reason = new Error('enough');
        caller.abort(reason);
        await expect(sent).rejects.toBe(reason);
        await server.start();
        const { waiting } = await queue.stats();
        expect(waiting).toBe(0);
      });

      it('calls end after the longest wait', async () => {
        const queue = await away({ maxAwayMs: 300 });
        // What was sent before the cut was noticed may have been taken.
        await expect(queue.send(jobOf(), never)).rejects.toThrow();
        await expect(queue.send(jobOf(), never)).rejects.toThrow(QueueAwayError);
        await expect(queue.stats()).rejects.toThrow(QueueAwayError);
        await expect(queue.cancel('job', bytes(''))).rejects.toThrow(QueueAwayError);
        await expect(queue.dead.get('job')).rejects.toThrow(QueueAwayError);
        await expect(deadOf(queue)).rejects.toThrow(QueueAwayError);
        await queue.close();
      });

      it('calls end after the longest wait also where it never was there', async () => {
        await server.stop();
        fresh();
        const queue = connect({ maxAwayMs: 300 });
        await expect(queue.send(jobOf(), never)).rejects.toThrow(QueueAwayError);
        await expect(listen(queue)).rejects.toThrow(QueueAwayError);
        await queue.close();
      });

      it('a worker can be started, and takes jobs when it is there', async () => {
        await server.stop();
        fresh();
        const { started } = await workByHand(connect({ maxAwayMs: 100 }));
        await server.start();
        await send(connect(), 'ask');
        const { job, end } = await started();
        expect(text(job.body)).toBe('ask');
        end();
      });

      it('a queue can be closed, and a worker drained', async () => {
        const queue = fresh();
        const { handle, started } = await workByHand(queue);
        await send(queue);
        const { run } = await started();
        await server.stop();
        expect(await handle.drain(20)).toEqual({ finished: 0, handedBack: 0, left: 1 });
        expect(run.signal.aborted).toBe(true);
        await queue.close();
      });

      it('a reply waits, and arrives when it is back', async () => {
        const queue = fresh();
        const waiting = new Set<string>();
        const inbox = await listen(queue, () => waiting);
        const { started } = await workByHand(connect());
        const { id } = await send(queue, '', { replyTo: inbox.address });
        waiting.add(id);
        const { run, end } = await started();
        await server.stop();
        const replied = run.reply(bytes('late'));
        await server.start();
        await replied;
        end();
        expect(await inbox.got(1)).toEqual(['late']);
      });
    });

    describe('an engine that comes back', () => {
      it('has what it had accepted, and its workers go on', async () => {
        const queue = fresh();
        const waiting = new Set<string>();
        const inbox = await listen(queue, () => waiting);
        for (let at = 0; at < 20; at++) waiting.add((await send(queue, `${at}`, { replyTo: inbox.address })).id);
        const { handle, started } = await workByHand(connect(), 1);
        const { job, run, end } = await started();
        await server.stop();
        await server.start();
        await run.reply(job.body);
        end();
        await handle.drain(0);
        await work(connect(), echo);
        const answered = () => new Set(inbox.messages.map((message) => 'body' in message && message.id));
        await eventually(() => expect(answered()).toEqual(waiting));
      });

      it('without what it had says so of each job that waited, and brings the reply to one that runs', async () => {
        const queue = fresh();
        const waiting = new Set<string>();
        const inbox = await listen(queue, () => waiting);
        const { handle, started } = await workByHand(connect(), 1);
        for (let at = 0; at < 3; at++) waiting.add((await send(queue, `${at}`, { replyTo: inbox.address })).id);
        const { job, run, end } = await started();
        await server.stop();
        await server.startEmpty();
        const lost = () => new Set(inbox.messages.map(({ id }) => id));
        await eventually(() => expect(lost()).toEqual(new Set([...waiting].filter((id) => id !== job.id))));
        expect(inbox.messages.every((message) => 'lost' in message)).toBe(true);
        waiting.clear();
        await run.reply(bytes('answer'));
        end();
        const answers = () => inbox.messages.filter((message) => 'body' in message).map(({ body }) => text(body));
        await eventually(() => expect(answers()).toEqual(['answer']));
        await handle.drain(PATIENCE_MS);
        await work(connect(), echo);
        await send(queue, 'new', { replyTo: inbox.address });
        await eventually(() => expect(answers()).toEqual(['answer', 'new']));
      });
    });
  });
}
