/** Several workers of one kind, each a process. One that ends by itself is started again. */
import { systemClock } from '../../platform/clock.ts';
import type { DrainReport } from '../../queue/index.ts';
import type { ReadyWorker, WorkerMessage, WorkerReading, WorkerSettings } from './messages.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

export interface CrewEvents {
  /** A worker has its primitives. `n` counts from 1. */
  ready(n: number, pid: number | undefined, worker: ReadyWorker): void;
  /** A worker has ended by itself, and is started again after so many milliseconds. */
  ended(n: number, reason: string, againInMs: number): void;
  /** The queue does not answer, and why; `undefined` when it answers again. */
  away(why: string | undefined): void;
  stopped(n: number, report: DrainReport): void;
}

export interface CrewOptions<Work> {
  readonly program: URL;
  readonly workers: number;
  readonly settings: Omit<WorkerSettings<Work>, 'watches'>;
  /** The environment of a worker. */
  readonly envOf: (n: number) => NodeJS.ProcessEnv;
  /** Whether what the workers write appears in the output of this process. */
  readonly shown: boolean;
  readonly events: CrewEvents;
}

export interface Crew {
  /** Resolves when all workers are ready. Rejects when one cannot work: then it has ended all of them. */
  readonly started: Promise<void>;
  /** The metrics of all workers, and the last ones of those that have ended. */
  read(): Promise<readonly WorkerReading[]>;
  /** Ends all workers: at once those that have not ended some seconds after their grace. */
  stop(): Promise<void>;
}

/** How long a worker has, beyond its grace, to send its last spans and to end. */
const END_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that has run for so long is no failed start: its next pause is the shortest again. */
const LASTING_MS = 60_000;
/** A first worker that has ended so often before it was ready will not be: its module ends the process, for instance. */
const MOST_FALSE_STARTS = 3;

export function startCrew<Work>(options: CrewOptions<Work>): Crew {
  const { program, workers, settings, envOf, shown, events } = options;
  const running = new Map<number, WorkerProcess>();
  const lastOf = new Map<WorkerProcess, WorkerReading>();
  const retired: WorkerReading[] = [];
  const stopping = new AbortController();

  /** Keeps one worker running. Rejects when the first one cannot work. */
  async function keep(n: number, onReady: () => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let wasReady = false;
    let starts = 0;
    while (!stopping.signal.aborted) {
      starts += 1;
      let failure: string | undefined;
      const startedAt = systemClock.now();
      const onMessage = (message: WorkerMessage) => {
        if ('ready' in message) {
          wasReady = true;
          events.ready(n, worker.pid, message.ready);
          onReady();
        } else if ('failed' in message) failure = message.failed;
        else if ('away' in message) events.away(message.away);
        else if ('back' in message) events.away(undefined);
        else if ('stopped' in message) events.stopped(n, message.stopped);
      };
      const worker = startWorkerProcess({
        program,
        settings: { ...settings, watches: n === 1 },
        env: envOf(n),
        shown,
        onMessage,
      });
      running.set(n, worker);
      const reason = await worker.ended;
      running.delete(n);
      const last = lastOf.get(worker);
      if (last !== undefined) retired.push(last);
      lastOf.delete(worker);
      if (stopping.signal.aborted) return;
      if (!wasReady && (failure !== undefined || starts === MOST_FALSE_STARTS)) throw new Error(failure ?? reason);
      if (systemClock.now() - startedAt > LASTING_MS) pauseMs = FIRST_PAUSE_MS;
      events.ended(n, failure ?? reason, pauseMs);
      await systemClock.sleep(pauseMs, stopping.signal).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  const numbers = Array.from({ length: workers }, (_, i) => i + 1);
  const kept: Promise<void>[] = [];
  const ready = numbers.map((n) => new Promise<void>((resolve) => void kept.push(keep(n, resolve))));
  const all = Promise.all(kept);
  all.catch(() => {});

  async function stop(): Promise<void> {
    stopping.abort();
    for (const worker of running.values()) worker.stop();
    const waiting = new AbortController();
    const late = systemClock.sleep(settings.graceMs + END_MS, waiting.signal).then(
      () => {
        for (const worker of running.values()) worker.kill();
      },
      () => {},
    );
    await Promise.allSettled(kept);
    waiting.abort();
    await late;
  }

  const started = Promise.race([Promise.all(ready), all]).then(
    () => {},
    async (error: unknown) => {
      stopping.abort();
      for (const worker of running.values()) worker.kill();
      await Promise.allSettled(kept);
      throw error;
    },
  );
  return {
    started,
    async read() {
      const now = [...running.values()].map(async (worker) => {
        const reading = await worker.read();
        if (reading !== undefined && [...running.values()].includes(worker)) lastOf.set(worker, reading);
        return reading ?? lastOf.get(worker);
      });
      const readings = (await Promise.all(now)).filter((reading) => reading !== undefined);
      return [...retired, ...readings];
    },
    stop,
  };
}
