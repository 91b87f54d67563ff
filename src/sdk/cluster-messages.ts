/**
 * What the processes of a cluster say to each other about metrics. Node.js does not show a message whose `cmd` begins with
 * `NODE_` to the handlers of the program, and its own code ignores a name that it does not know.
 */
import { guarded } from '../telemetry/guard.ts';

/** The number changes with the shape of the messages: other versions of this package ignore them. */
const CMD = 'NODE_TTA_PRIMITIVES_1';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The primary of a cluster, as its workers need it. */
export interface Primary {
  readonly pid: number;
  /** Where its endpoint is told to listen. Without one, a server of the program answers. */
  readonly address?: Address | undefined;
  /** How the names of the files begin in which workers leave their last reports. */
  readonly files: string;
}

/** `bytes` are a report in base64: the messages are JSON. */
interface NumberedText {
  readonly number: number;
  readonly bytes: string;
}

export type ToPrimary =
  /** Asks whether the primary collects. */
  | { readonly act: 'who' }
  /** Has something to hand over, when it is asked. */
  | { readonly act: 'hello' }
  | ({ readonly act: 'report' } & NumberedText)
  | ({ readonly act: 'leave' } & NumberedText)
  | { readonly act: 'read'; readonly id: number; readonly format: string };

export type ToWorker =
  | { readonly act: 'collect'; readonly primary: Primary }
  | { readonly act: 'ask' }
  | { readonly act: 'confirm'; readonly number: number }
  | { readonly act: 'text'; readonly id: number; readonly text: string | undefined };

interface Target {
  send?(message: object, handle: undefined, options: object, callback: (error: Error | null) => void): unknown;
}

/** A message to a process that has ended is lost. */
export function post(target: Target, message: ToPrimary | ToWorker): void {
  guarded('a message to another process of the cluster is lost', () => {
    // Without the callback the error would be an event of the program.
    target.send?.({ cmd: CMD, ...message }, undefined, {}, () => {});
  });
}

/** The message, if it is one of ours. */
export function ours<M extends ToPrimary | ToWorker>(message: unknown): M | undefined {
  return (message as { readonly cmd?: unknown } | null)?.cmd === CMD ? (message as M) : undefined;
}
