/** Runs whose work is done by workers of a queue: one run, with its waits and its lost workers. */
import { describe, expect, it } from 'vitest';
import { sequential, task, workflow } from '../../../../src/index.ts';
import { distribute, memoryQueue, startWorker } from '../../../../src/queue/index.ts';
import { breakdownOf } from '../../../../src/tools/studio/model/breakdown.ts';
import { storyOf } from '../../../../src/tools/studio/model/story.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { spanLine } from '../../../../src/tools/studio/model/text.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { waitsAt } from '../../../../src/tools/studio/model/waits-at.ts';
import { compositionOf } from '../../../../src/tools/studio/page/src/run/graph/composition.ts';
import { recorded } from './recorded.ts';
import { idOf, primitive, START_US } from './spans.ts';

const ARRIVED = { arrival: 1, change: 1, receivedMs: 0 };
const job = (delivery: number, waitSeconds?: number) => ({
  'tta.queue.name': 'texts',
  'tta.queue.delivery': delivery,
  ...(waitSeconds === undefined ? {} : { 'tta.queue.wait_seconds': waitSeconds }),
});

/** A workflow of two steps on a worker, the second of which fails. */
function distributed() {
  return recorded(async () => {
    const queue = memoryQueue('texts');
    const add = task('add', (x: number) => x + 1);
    const bad = task('bad', (_: number) => Promise.reject(new TypeError('no such file')));
    const worker = await startWorker({ queue, primitives: { add, bad } });
    const remote = sequential(distribute('add', add, { queue }), distribute('bad', bad, { queue }));
    try {
      await workflow('flow', remote).execute(1);
    } finally {
      await worker.stop(1_000);
    }
  });
}

/** `distribute far`, whose job was done by the second worker. */
const redelivered = () => [
  primitive('sequential', 'flow', { id: 'root', took: 1_000 }),
  primitive('distribute', 'far', { id: 'far', parent: 'root', kind: 'producer', took: 1_000 }),
  primitive('task', 'far', {
    id: 'again',
    parent: 'far',
    at: 800,
    took: 150,
    service: 'workers',
    isParentRemote: true,
    attributes: job(2, 0.7),
  }),
];

describe('a run with work on workers', () => {
  it('is one run that ends with its caller, and says which step failed', async () => {
    const spans = await distributed();
    const row = summarise(undefined, spans, ARRIVED);
    expect(row).toMatchObject({ name: 'flow', status: 'failure', failure: 'task bad: TypeError: no such file' });
    const tree = treeOf(spans);
    expect(tree.roots).toHaveLength(1);
    expect(storyOf(tree).text).toBe('task bad failed: TypeError: no such file; nothing absorbed it.');
  });

  it('runs on when a worker has done its part', async () => {
    const spans = await distributed();
    const done = spans.filter(({ name }) => name.includes('add') && !name.includes('distribute'));
    expect(done.map(({ isParentRemote }) => isParentRemote)).toEqual([true]);
    expect(summarise(undefined, done, ARRIVED)).toMatchObject({ status: 'running' });
    expect(storyOf(treeOf(done))).toMatchObject({ tone: 'growing' });
  });

  it('shows the time in the queue as a wait of the call', () => {
    const [root, far] = redelivered() as [never, never];
    const work = primitive('task', 'far', { id: 'w', parent: 'far', at: 700, took: 300, attributes: job(1, 0.6) });
    const tree = treeOf([root, far, work]);
    expect(waitsAt(tree.nodes.get(idOf('far')) as never)).toEqual([
      { kind: 'queue', startUs: START_US + 100_000, durationUs: 600_000 },
    ]);
    expect(breakdownOf(tree).time.map(({ type, kind, us }) => [type, kind, us])).toEqual([
      ['distribute', 'queue', 600_000],
      ['task', 'work', 300_000],
      ['distribute', 'work', 100_000],
    ]);
  });

  it('has no wait in a queue where the job does not say it', () => {
    const [root, far] = redelivered() as [never, never];
    const work = primitive('task', 'far', { id: 'w', parent: 'far', at: 700, took: 300, attributes: job(1) });
    expect(waitsAt(treeOf([root, far, work]).nodes.get(idOf('far')) as never)).toEqual([]);
  });

  it('says that a worker was lost, shows its job as a later delivery, and is no loop', () => {
    const tree = treeOf(redelivered());
    expect(storyOf(tree).text).toBe(
      'The run worked, although distribute far lost its worker, and another one did it again.',
    );
    expect(waitsAt(tree.nodes.get(idOf('far')) as never)).toMatchObject([{ kind: 'lost_worker', durationUs: 700_000 }]);
    expect(spanLine(tree.nodes.get(idOf('again')) as never)).toBe('task far: success, 150 ms, delivery 2 of a job');
    const { edges } = compositionOf(tree);
    expect(edges.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it.each([
    ['late', 90_000],
    ['early', -90_000],
  ])('has the work of a worker whose clock is %s where its wait had ended', (_, offMs) => {
    const host = (name: string) => ({ resource: { 'host.name': name } });
    const call = primitive('distribute', 'far', { id: 'far', kind: 'producer', took: 1_000, ...host('a') });
    const work = primitive('task', 'far', {
      id: 'w',
      parent: 'far',
      at: 600 + offMs,
      took: 300,
      attributes: job(1, 0.6),
      ...host('b'),
    });
    const { nodes } = treeOf([call, work]);
    expect(nodes.get(idOf('w'))?.span.startUs).toBe(START_US + 600_000);
  });
});
