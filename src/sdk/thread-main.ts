/** The main thread serves the metrics of all threads of its process. */
import {
  type BroadcastChannel,
  receiveMessageOnPort,
  setEnvironmentData,
  type Worker as Thread,
} from 'node:worker_threads';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import type { Format } from '../prometheus/format.ts';
import { unpack } from '../prometheus/report.ts';
import { ANSWERS, type Answer, listenTo, QUESTIONS, say, textChannel } from './thread-channel.ts';
import { COLLECTED } from './thread-worker.ts';
import { runningWorkers } from './worker-threads.ts';
import type { Workers } from './workers.ts';

export interface Threads {
  /** Hears at once what threads have said so far. */
  hearNow(): void;
  stop(): void;
}

/** Collects from the threads that an earlier registration has seen start, and from later ones. */
export function collectFromThreads(exporter: InternalExporter, workers: Workers): Threads {
  const parentsOf = new Map<number, readonly number[]>();
  /** The threads that run, and what is done at their end. */
  const running = new Map<Thread, () => void>();
  let answers: BroadcastChannel | undefined;
  let asked: number[] = [];

  const ask = (thread: number) => {
    // One message for all.
    if (asked.push(thread) > 1) return;
    queueMicrotask(() => {
      say(QUESTIONS, { act: 'ask', threads: asked });
      asked = [];
    });
  };
  const sourceOf = (thread: number) => `.${thread}`;
  const left = (thread: number) => {
    parentsOf.delete(thread);
    workers.left(sourceOf(thread));
    // The threads that it has started have ended with it.
    for (const [each, parents] of parentsOf) if (parents.includes(thread)) left(each);
  };
  const hear = (said: Answer) => {
    const { thread } = said;
    if (said.act === 'hello') {
      parentsOf.set(thread, said.parents);
      workers.join(sourceOf(thread), () => ask(thread));
    } else if (said.act === 'report') workers.heard(sourceOf(thread), unpack(said.bytes));
    else if (said.act === 'leave') {
      parentsOf.delete(thread);
      workers.left(sourceOf(thread), unpack(said.bytes));
    } else if (said.act === 'ended') left(thread);
    else {
      const answer = (text?: string) =>
        say(textChannel(thread, said.id), text === undefined ? text : Buffer.from(text));
      exporter.text(said.format as Format).then(answer, () => answer());
    }
  };
  const hearNow = () => {
    if (answers === undefined) return;
    for (let next = receiveMessageOnPort(answers as never); next !== undefined; ) {
      hear(next.message);
      next = receiveMessageOnPort(answers as never);
    }
  };
  const open = () => {
    if (answers !== undefined) return;
    answers = listenTo<Answer>(ANSWERS, hear);
    say(QUESTIONS, { act: 'who' });
  };
  const follow = (worker: Thread) => {
    const thread = worker.threadId;
    const onExit = () => {
      running.delete(worker);
      hearNow();
      left(thread);
      // Threads that were started by a thread without telemetry: no message says that they have ended.
      if (running.size === 0) for (const each of parentsOf.keys()) left(each);
    };
    running.set(worker, onExit);
    open();
    worker.once('exit', onExit);
  };

  setEnvironmentData(COLLECTED, true);
  process.on('worker', follow);
  for (const worker of runningWorkers()) follow(worker);
  return {
    hearNow,
    stop() {
      setEnvironmentData(COLLECTED, undefined as never);
      process.removeListener('worker', follow);
      for (const [worker, onExit] of running) worker.removeListener('exit', onExit);
      answers?.close();
      // A channel that is closed cannot be read.
      answers = undefined;
    },
  };
}
