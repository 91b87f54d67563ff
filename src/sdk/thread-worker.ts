/**
 * A worker thread hands its metrics over to the main thread: when it is asked, and when it ends. `worker.terminate()`
 * loses what came after the last scrape.
 */

import { getEnvironmentData, setEnvironmentData, type Worker as Thread, threadId } from 'node:worker_threads';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import type { Format } from '../prometheus/format.ts';
import { pack, type Report } from '../prometheus/report.ts';
import { ANSWER_MS, type HandsOver } from './hands-over.ts';
import { ANSWERS, listenTo, QUESTIONS, type Question, say, textChannel } from './thread-channel.ts';

/** Data that threads inherit: whether the main thread collects, and which threads have started this one. */
export const COLLECTED = 'tta-primitives/metrics-collected';
const PARENTS = 'tta-primitives/metrics-parents';
const READ_MS = 2_000;

/** @param onServed called when the main thread begins to serve the metrics */
export function handOverToMain(exporter: InternalExporter, onServed: () => void): HandsOver {
  const inherited = getEnvironmentData(PARENTS);
  const parents = Array.isArray(inherited) ? inherited.filter((thread) => typeof thread === 'number') : [];
  let isCollected = false;
  let reads = 0;

  const hello = () => {
    say(ANSWERS, { act: 'hello', thread: threadId, parents });
    if (isCollected) return;
    isCollected = true;
    onServed();
  };
  const report = (act: 'report' | 'leave', reports: readonly Report[]) =>
    say(ANSWERS, { act, thread: threadId, bytes: pack(reports.map(withoutProcess)) });
  const questions = listenTo<Question>(QUESTIONS, (asked) => {
    if (asked.act === 'who') hello();
    else if (asked.threads.includes(threadId)) {
      exporter.handOver(ANSWER_MS).then(
        (reports) => report('report', reports),
        () => report('report', []),
      );
    }
  });
  const tellOfEnd = (worker: Thread) => {
    const thread = worker.threadId;
    worker.once('exit', () => say(ANSWERS, { act: 'ended', thread }));
  };

  const close = () => {
    isCollected = false;
    questions.close();
    process.removeListener('worker', tellOfEnd);
  };

  setEnvironmentData(PARENTS, [...parents, threadId]);
  process.on('worker', tellOfEnd);
  if (getEnvironmentData(COLLECTED) === true) hello();
  return {
    isElsewhere: () => isCollected,
    isServed: async () => isCollected,
    read: (format: Format) => {
      if (!isCollected) return undefined;
      reads += 1;
      const id = reads;
      return new Promise((resolve) => {
        const end = (bytes: Uint8Array | undefined) => {
          cancel();
          channel.close();
          resolve(bytes === undefined ? undefined : [Buffer.from(bytes)]);
        };
        const cancel = systemClock.after(READ_MS, () => end(undefined));
        const channel = listenTo<Uint8Array | undefined>(textChannel(threadId, id), end);
        say(ANSWERS, { act: 'read', thread: threadId, id, format });
      });
    },
    withdraw: () => {
      if (isCollected) report('leave', []);
      close();
    },
    leave: async () => {
      const last = await exporter.handOver(ANSWER_MS).catch(() => []);
      if (isCollected) report('leave', last);
      close();
    },
    leaveNow: () => {
      if (isCollected) report('leave', exporter.handOverNow());
    },
  };
}

/** CPU time and memory that a thread reads are those of the process, which reports them itself. */
function withoutProcess(report: Report): Report {
  const isOwn = ({ descriptor }: MetricData) => !/^process[._]/.test(descriptor.name);
  return { ...report, scopes: report.scopes.map(({ scope, metrics }) => ({ scope, metrics: metrics.filter(isOwn) })) };
}
