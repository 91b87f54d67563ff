import { resolve } from 'node:path';
import { untilAborted } from '../../platform/abort.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import { numberFrom, textFrom } from '../../sdk/environment.ts';
import { type CrewEvents, startCrew } from '../worker/crew.ts';
import type { ModuleWork } from '../worker/module-worker.ts';
import { openTargetsFile, type TargetsFile } from '../worker/targets-file.ts';
import { userFolder } from './package-root.ts';
import { print, printError } from './print.ts';
import { addressText, engineFrom, type QueueOptions, queueAway, requireEngine } from './queue-options.ts';
import { requirePeers } from './require-peers.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { workerEnvironment } from './worker-environment.ts';
import { workerLine } from './worker-line.ts';

export interface WorkerCommandOptions extends QueueOptions {
  /** @default the queue that the module exports */
  readonly queue?: string;
  /** How many processes. */
  readonly workers: number;
  /** How many jobs each process runs at the same time. */
  readonly concurrency: number;
  /** How long the jobs that run may go on after a signal, in seconds. */
  readonly grace: number;
  /** The port of the first worker's metrics; each other worker has the next one. 0 uses any free ports. */
  readonly port?: number;
  readonly host?: string;
  /** A file for Prometheus with the endpoints of the workers. */
  readonly targets?: string;
}

const MAX_PORT = 65_535;

/** `tta worker`: runs workers until a signal. Rejects when the module cannot be used. */
export async function workerCommand(specifier: string, options: WorkerCommandOptions): Promise<void> {
  const place =
    options.queue === undefined
      ? undefined
      : { name: options.queue, engine: engineFrom(options), prefix: options.prefix };
  if (place === undefined && [options.redis, options.nats, options.prefix].some((each) => each !== undefined))
    throw new Error('--redis, --nats and --prefix are for the queue of --queue: give its name too');
  if (place === undefined) requirePeers('tta worker', []);
  else requireEngine('tta worker', place.engine);
  const folder = userFolder(process.cwd(), process.env);
  const portOf = ports(options);
  const host = options.host ?? textFrom('OTEL_EXPORTER_PROMETHEUS_HOST');
  const isOpen = host === '0.0.0.0' || host === '::';
  const file =
    options.targets === undefined ? undefined : await openTargetsFile(resolve(folder, options.targets), isOpen);
  const stop = stopOnSignals();
  const endpoints = createEndpoints(file);
  let queueName: string | undefined;

  const events: CrewEvents = {
    ready(n, pid, { queue, primitives, leftOut, metricsUrl, metricsError }) {
      if (queueName === undefined) {
        print(`Module   ${foreignText(specifier)}: ${primitives.map(foreignText).join(', ')}`);
        if (leftOut.length > 0)
          printError(`Left out, because a worker would send their jobs on: ${leftOut.map(foreignText).join(', ')}`);
        const where = place === undefined ? ', as the module exports it' : ` at ${addressText(place.engine)}`;
        print(`Queue    ${foreignText(queue.name)} in ${foreignText(queue.engine)}${where}`);
      }
      queueName = queue.name;
      print(workerLine(n, pid, { metricsUrl, metricsError }));
      endpoints.set(n, metricsUrl);
    },
    ended(n, reason, againInMs) {
      printError(`Worker ${n}: ${foreignText(reason)}. Its jobs go to other workers. Again in ${againInMs / 1_000} s`);
    },
    away(why) {
      printError(queueAway(queueName ?? '', why));
    },
    stopped(n, { finished, handedBack, left }) {
      print(`Worker ${n} has stopped${stoppedWith(finished, handedBack, left)}`);
    },
  };
  const crew = startCrew<ModuleWork>({
    program: new URL('../worker/module-worker.js', import.meta.url),
    workers: options.workers,
    settings: {
      queue: place,
      isOwnQueue: false,
      concurrency: options.concurrency,
      graceMs: options.grace * 1_000,
      telemetry: {},
      work: { specifier, folder },
    },
    envOf: (n) => workerEnvironment({ port: portOf(n), host, isFirst: n === 1 }),
    shown: true,
    events,
  });
  try {
    const stopped = untilAborted(stop.signal);
    await Promise.race([crew.started, stopped]);
    if (!stop.signal.aborted) printError('Ctrl-C ends it');
    await stopped;
  } finally {
    if (stop.signal.aborted)
      printError(`Stopping: jobs have ${options.grace} s to end. A second signal ends them at once`);
    await crew.stop();
    await endpoints.remove();
    await stop.endProcess();
  }
}

/** What became of the jobs that ran when the worker was told to stop. */
function stoppedWith(finished: number, handedBack: number, left: number): string {
  if (finished + handedBack + left === 0) return '';
  const lost = left > 0 ? `, ${left} not finished, which another worker starts again` : '';
  return `: ${finished} finished, ${handedBack} handed back${lost}`;
}

/** The port of each worker. */
function ports({ port, workers }: WorkerCommandOptions): (n: number) => number {
  const first = port ?? numberFrom('OTEL_EXPORTER_PROMETHEUS_PORT', { min: 0, max: MAX_PORT, otherwise: 9_464 });
  if (first !== 0 && first + workers - 1 > MAX_PORT)
    throw new Error(`${workers} workers need the ports from ${first} on, and the last port is ${MAX_PORT}`);
  return (n) => (first === 0 ? 0 : first + n - 1);
}

/** Keeps the file as the endpoints are. A worker that has ended stays in it, so that Prometheus sees that it is down. */
function createEndpoints(file: TargetsFile | undefined) {
  const urls = new Map<number, string>();
  let written = Promise.resolve();
  const then = (next: () => Promise<void>) => {
    written = written
      .then(next)
      .catch((error: unknown) => printError(`The targets are not written: ${foreignMessage(error)}`));
    return written;
  };
  return {
    set(n: number, url: string | undefined): void {
      if (url === undefined) urls.delete(n);
      else urls.set(n, url);
      if (file !== undefined) void then(() => file.write([...urls].sort(([a], [b]) => a - b).map(([, each]) => each)));
    },
    remove: () => (file === undefined ? Promise.resolve() : then(file.remove)),
  };
}
