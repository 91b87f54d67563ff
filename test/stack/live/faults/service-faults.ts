/** Applications that do not answer, or not as an application of this library. */
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Application } from './application.ts';
import type { ApplicationFault } from './application-fault.ts';

const ORDERS = `
const order = workflow('order', task('charge', (n) => n));
every(250, (n) => order.execute(n));`;

/** Ends the process and answers at its port with something else. */
async function takeOver({ instances }: Application, body: string, status = 200): Promise<Server> {
  const [{ port, program }] = instances as [Application['instances'][number]];
  await program.stop();
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4' }).end(body);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return server;
}

function takenBy(body: string, status?: number): Pick<ApplicationFault, 'inject' | 'mend'> {
  let server: Server;
  return {
    inject: async (application) => {
      server = await takeOver(application, body, status);
    },
    mend: async ({ instances }) => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await instances[0]?.program.start();
    },
  };
}

/** Does it again and again until the fault is mended. */
function again(everyMs: number, act: (application: Application) => unknown): Pick<ApplicationFault, 'inject' | 'mend'> {
  const stopped = new AbortController();
  let last: Promise<void>;
  return {
    inject: (application) => {
      last = (async () => {
        while (!stopped.signal.aborted) {
          await act(application);
          await pause(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
        }
      })();
    },
    mend: async () => {
      stopped.abort();
      await last;
    },
  };
}

const each = ({ instances }: Application, act: (program: Application['instances'][number]['program']) => unknown) =>
  Promise.all(instances.map(({ program }) => act(program)));

export const SERVICE_FAULTS: readonly ApplicationFault[] = [
  {
    job: 'tta-down',
    fault: 'All instances are killed',
    program: ORDERS,
    instances: 2,
    inject: (application) => each(application, (program) => program.kill()),
    mend: (application) => each(application, (program) => program.start()),
    raises: { TTAServiceDown: /tta-down/ },
    lastsMinutes: 12,
  },
  {
    job: 'tta-half',
    fault: 'One of two instances is killed',
    program: ORDERS,
    instances: 2,
    inject: ({ instances }) => instances[1]?.program.kill(),
    mend: ({ instances }) => instances[1]?.program.start(),
    raises: { TTAInstanceDown: /127\.0\.0\.1:\d+ of tta-half has not answered/ },
  },
  {
    job: 'tta-frozen',
    fault: 'The process hangs, so that scrapes time out',
    program: ORDERS,
    inject: (application) => each(application, (program) => program.signal('SIGSTOP')),
    mend: (application) => each(application, (program) => program.signal('SIGCONT')),
    raises: { TTAServiceDown: /tta-frozen/ },
  },
  {
    job: 'tta-path',
    fault: 'The scrape asks for a wrong path',
    program: ORDERS,
    inject: async ({ stack, instances, labels }) => {
      for (const { port } of instances) await stack.addApplication(port, { ...labels, __metrics_path__: '/metric' });
    },
    mend: async ({ stack, instances, labels }) => {
      for (const { port } of instances) await stack.addApplication(port, labels);
    },
    raises: { TTAServiceDown: /tta-path/ },
  },
  {
    job: 'tta-taken',
    fault: 'Another program has the port and answers 404',
    program: ORDERS,
    ...takenBy('not found', 404),
    raises: { TTAServiceDown: /tta-taken/ },
  },
  {
    job: 'tta-page',
    fault: 'Another program has the port and answers with a page',
    program: ORDERS,
    ...takenBy('<!doctype html><title>Welcome</title>'),
    raises: { TTAServiceDown: /tta-page/ },
  },
  {
    job: 'tta-foreign',
    fault: 'Another program has the port and answers with its own metrics',
    program: ORDERS,
    ...takenBy('# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 2e9\nother_total 1\n'),
    raises: { TTAMissingMetrics: /127\.0\.0\.1:\d+ of tta-foreign answers, but not with the metrics of this library/ },
    mayRaise: { TTAStaleMetrics: 'its workflows have no new samples' },
  },
  {
    job: 'tta-gone',
    fault: 'The target vanishes from discovery',
    program: ORDERS,
    inject: async ({ stack, instances }) => {
      for (const { port } of instances) await stack.removeApplication(port);
    },
    mend: async ({ stack, instances, labels }) => {
      for (const { port } of instances) await stack.addApplication(port, labels);
    },
    raises: { TTAServiceVanished: /tta-gone/ },
    withinMinutes: 16,
    mayRaise: { TTAStaleMetrics: 'its workflows have no new samples' },
  },
  {
    job: 'tta-restarts',
    fault: 'The process restarts every two minutes',
    program: ORDERS,
    ...again(115_000, (application) =>
      each(application, async (program) => {
        await program.kill();
        await program.start();
      }),
    ),
    raises: { TTAProcessRestarts: /tta-restarts restarted [4-8] times/ },
    withinMinutes: 18,
  },
  {
    job: 'tta-flaps',
    fault: 'Scrapes fail, and succeed, and fail again',
    program: ORDERS,
    ...again(30_000, (application) =>
      each(application, async (program) => {
        program.signal('SIGSTOP');
        await pause(27_000);
        program.signal('SIGCONT');
      }),
    ),
    raises: { TTAScrapeErrors: /tta-flaps/ },
    mayRaise: {
      TTAScrapeSlow: 'a scrape that waits for the process is slow',
      TTAEventLoopBlocked: 'the process stands still',
    },
  },
  {
    job: 'tta-many-samples',
    fault: 'The endpoint gives more samples than sample_limit',
    options: { prometheus: { maxSamples: 1_000_000, maxSeriesPerMetric: 100_000 } },
    program: `${ORDERS}
const visits = metrics.getMeter('own').createCounter('visits');
whenChanged(() => { if (broken) for (let user = 0; user < 51_000; user += 1) visits.add(1, { user }); });`,
    mend: (application) =>
      each(application, async (program) => {
        await program.stop();
        await program.start();
      }),
    alsoConcerns: ({ alertname }) => alertname === 'TTAScrapesRefused',
    mayRaise: { TTAScrapeSlow: 'so many samples take their time' },
    raises: { TTAServiceDown: /tta-many-samples/, TTAScrapesRefused: /refused \d+ scrapes in the last 5 minutes/ },
  },
];
