import { foreignText } from '../../platform/foreign-text.ts';
import type { ReadyWorker } from '../worker/messages.ts';

/** What a command says of a worker that is ready. */
export function workerLine(
  n: number,
  pid: number | undefined,
  { metricsUrl, metricsError }: Pick<ReadyWorker, 'metricsUrl' | 'metricsError'>,
): string {
  const worker = `Worker ${n}, process ${pid}`;
  // The error is a sentence.
  if (metricsUrl === undefined && metricsError !== undefined) return `${worker}. ${foreignText(metricsError)}`;
  return `${worker}, metrics ${foreignText(metricsUrl ?? 'off')}`;
}
