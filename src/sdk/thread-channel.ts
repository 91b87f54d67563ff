/**
 * How the threads of a process talk about metrics: by two broadcast channels, so that the port between a worker and its
 * parent is the program's alone. Threads hear questions; only the main thread hears answers.
 */
import { BroadcastChannel } from 'node:worker_threads';

export const QUESTIONS = 'tta-primitives/1/metrics-questions';
export const ANSWERS = 'tta-primitives/1/metrics-answers';
export const textChannel = (thread: number, id: number) => `tta-primitives/1/metrics-text/${thread}/${id}`;

export type Question =
  | { readonly act: 'who' }
  /** `threads`: those that are asked. */
  | { readonly act: 'ask'; readonly threads: readonly number[] };

export type Answer =
  /** `parents`: the threads that have started this one, the main thread not counted. */
  | { readonly act: 'hello'; readonly thread: number; readonly parents: readonly number[] }
  | { readonly act: 'report'; readonly thread: number; readonly bytes: Uint8Array }
  | { readonly act: 'leave'; readonly thread: number; readonly bytes: Uint8Array }
  | { readonly act: 'ended'; readonly thread: number }
  | { readonly act: 'read'; readonly thread: number; readonly id: number; readonly format: string };

/** Hears what is said from now on, without keeping the thread alive. */
export function listenTo<M>(name: string, hear: (message: M) => void): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: unknown) => hear((event as { readonly data: M }).data);
  channel.unref();
  return channel;
}

/** It is there for the others when this returns: a thread may end at once. */
export function say(name: string, message: Question | Answer | Uint8Array | undefined): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(message);
  channel.close();
}
