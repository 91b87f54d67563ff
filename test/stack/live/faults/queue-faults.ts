/** Applications with a queue: nothing takes its jobs, it is full or away, it loses jobs, or jobs die in it. */
import type { ApplicationFault } from './application-fault.ts';

/** A queue in the process, its worker, and calls of it twice a second. `change` may give the queue other methods. */
const queue = (name: string, { change = '', options = '{}', work = '20', everyMs = 500 }) => `
const inner = memoryQueue('${name}', ${options});
const queue = Object.assign(Object.create(inner), { ${change} });
const charge = task('charge', () => wait(${work}));
const start = () => startWorker({ queue, primitives: { charge }, concurrency: 2 });
let worker = await start();
const remote = timeout(distribute('charge', charge, { queue }), { timeoutMs: 20_000 });
every(${everyMs}, () => remote.execute());`;

const of = (name: string) => (labels: Readonly<Record<string, string>>) => labels.queue_name === name;

export const QUEUE_FAULTS: readonly ApplicationFault[] = [
  {
    job: 'tta-no-worker',
    fault: 'The only worker of a queue has stopped',
    program: `${queue('unworked', {})}
whenChanged(async () => { if (broken) await worker.stop(0); else worker = await start(); });`,
    alsoConcerns: of('unworked'),
    raises: { TTAQueueStandsStill: /^\d+ jobs wait in the queue unworked, and none has run for 5 minutes/ },
  },
  {
    job: 'tta-poison',
    fault: 'Two messages that are no jobs are in a queue',
    program: `${queue('poisoned', {})}
const { signal } = new AbortController();
whenChanged(async () => {
  for (const n of [1, 2]) if (broken) await queue.send({ id: 'junk-' + n, replyTo: 'x', body: Buffer.from('junk') }, signal);
  if (!broken) for await (const { id } of queue.dead.list(0, 10)) await queue.dead.drop(id);
});`,
    alsoConcerns: of('poisoned'),
    raises: { TTADeadJobs: /^2 jobs of the queue poisoned are in its list of dead jobs/ },
  },
  {
    job: 'tta-full',
    fault: 'A queue may hold five jobs, and its worker has become slow',
    program: queue('full', { options: '{ maxWaiting: 5 }', work: 'broken ? 10_000 : 20', everyMs: 250 }),
    alsoConcerns: of('full'),
    raises: { TTAQueueRefusesJobs: /^The queue full has refused \d+ jobs of tta-full in the last 5 minutes \(full\)/ },
  },
  {
    job: 'tta-engine-away',
    fault: 'The engine of a queue does not say what it holds',
    program: queue('away', {
      change: "stats: async () => { if (broken) throw new Error('away'); return inner.stats(); }",
    }),
    alsoConcerns: of('away'),
    raises: {
      TTAQueueEngineFails: /^Operations of the queue away in tta-engine-away have failed for 5 minutes \(stats\)/,
    },
  },
  {
    job: 'tta-loses-jobs',
    fault: 'An engine loses one accepted job',
    program: queue('lossy', {
      change: `
  open: (options) => { inner.heard = options.on; return inner.open(options); },
  send: async (job, signal) => {
    if (!broken || inner.lost) return inner.send(job, signal);
    inner.lost = true;
    setTimeout(() => inner.heard({ id: job.id, lost: true }), 100);
  }`,
    }),
    alsoConcerns: of('lossy'),
    raises: { TTAQueueLosesJobs: /^The queue lossy has lost 1 jobs of tta-loses-jobs in the last 15 minutes/ },
  },
  {
    job: 'tta-limit-alone',
    fault: 'The Redis of a shared rate limit is away',
    program: `
const { rateLimit } = tta;
const answer = { granted: true, waitMs: 0, readyAt: 0, available: 9, processes: 1 };
const store = { take: async () => { if (broken) fails(); return answer; }, giveBack: () => {} };
const limited = rateLimit(task('charge', () => {}), { name: 'provider', algorithm: 'bucket', permits: 10, perMs: 1_000, store });
every(500, () => limited.execute());`,
    raises: {
      TTASharedStateLocal: /^The rate_limit provider of tta-limit-alone works with the state of single processes/,
    },
  },
];
