/** A worker process that hangs, and asks for jobs still. */
import { afterEach, expect, it } from 'vitest';
import { task } from '../../../src/index.ts';
import { distribute, type JobQueue, natsQueue, startWorker, type Worker } from '../../../src/queue/index.ts';
import { type Child, ENTRY, endChildren, runModule } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { type Nats, startNats } from '../../support/nats.ts';

let nats: Nats;
let child: Child;
let queue: JobQueue;
let worker: Worker;

afterEach(async () => {
  child.kill('SIGCONT');
  endChildren();
  await worker.stop(0);
  await queue.close();
  await nats.kill('SIGKILL');
});

it.skipIf(component('nats-server') === undefined)(
  'a job that is given to a hanging worker again and again is none that has ended its workers',
  async () => {
    nats = await startNats();
    const source = `natsQueue('texts', { servers: '${nats.url}', lockMs: 500, maxDeliveries: 2 })`;
    child = runModule(`
      import { natsQueue } from '${ENTRY.queue}';
      const queue = ${source};
      const events = { failed() {}, died() {}, restarted() {} };
      await queue.work(async (job, run) => {
        await run.reply(job.body);
        return { end: 'done' };
      }, { concurrency: 6, events });
      // It has asked for jobs when it has done one.
      await queue.send({ id: 'a', replyTo: 'nobody', body: new TextEncoder().encode('{}') }, new AbortController().signal);
      while ((await queue.stats()).running + (await queue.stats()).waiting > 0);
      console.log('ready');`);
    await child.says('ready');
    child.kill('SIGSTOP');
    const echo = task('echo', async (text: string) => text);
    queue = natsQueue('texts', { servers: nats.url, lockMs: 500, maxDeliveries: 2 });
    worker = await startWorker({ queue, primitives: { echo } });
    expect(await distribute('echo', echo, { queue }).execute('hello')).toBe('hello');
    expect(await queue.stats()).toMatchObject({ dead: 0 });
  },
);
