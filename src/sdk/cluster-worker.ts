/**
 * A worker of a cluster hands its metrics over to the primary: when it is asked, before its telemetry ends, and when the
 * process exits. Then messages are sent no more, so what the primary has not confirmed is left in a file, which the primary
 * reads when the process has ended. SIGKILL loses what came after the last scrape.
 */
import cluster from 'node:cluster';
import type { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import { systemClock } from '../platform/clock.ts';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import type { Format } from '../prometheus/format.ts';
import { ours, type Primary, post, type ToWorker } from './cluster-messages.ts';
import { ANSWER_MS, type HandsOver } from './hands-over.ts';
import { Outbox } from './outbox.ts';

/** The variable in which workers find their primary; no setting. It is inherited: whose it is, its process id says. */
export const PRIMARY = '_TTA_CLUSTER_PRIMARY';
/** How long a worker waits for a primary that has registered after the fork, in milliseconds. */
const HELLO_MS = 300;
const READ_MS = 2_000;

/**
 * @param serves whether the primary is to serve the metrics of this worker
 * @param onServed called when it begins to
 */
export function handOverToPrimary(
  exporter: InternalExporter,
  serves: (primary: Primary) => boolean,
  onServed: () => void,
): HandsOver {
  const outbox = new Outbox();
  const channel: EventEmitter = process;
  const readers = new Map<number, (text: string | undefined) => void>();
  let primary: Primary | undefined;
  let reads = 0;
  let onKnown = () => {};

  const accept = (found: Primary) => {
    if (primary !== undefined || !serves(found)) return;
    primary = found;
    onServed();
    post(process, { act: 'hello' });
    onKnown();
  };
  const report = (act: 'report' | 'leave', numbered: { number: number; bytes: Uint8Array }) =>
    post(process, { act, number: numbered.number, bytes: Buffer.from(numbered.bytes).toString('base64') });
  const answer = () =>
    exporter.handOver(ANSWER_MS).then(
      (reports) => report('report', outbox.add(reports)),
      () => report('report', outbox.add([])),
    );
  const listener = (message: unknown) => {
    const said = ours<ToWorker>(message);
    if (said?.act === 'collect') accept(said.primary);
    else if (said?.act === 'ask' && primary !== undefined) void answer();
    else if (said?.act === 'confirm') outbox.confirm(said.number);
    else if (said?.act === 'text') readers.get(said.id)?.(said.text);
  };
  const onDisconnect = () => {
    for (const end of readers.values()) end(undefined);
  };
  const leaveFile = () => {
    if (primary === undefined || process.ppid !== primary.pid || outbox.waiting.length === 0) return;
    try {
      writeFileSync(`${primary.files}-${cluster.worker?.id}`, serialize(outbox.waiting), { mode: 0o600 });
    } catch {
      // Without a folder for files there is still the channel, which takes what fits in its buffer.
      for (const each of outbox.waiting) report('report', each);
    }
  };

  const close = () => {
    channel.removeListener('internalMessage', listener);
    cluster.worker?.removeListener('disconnect', onDisconnect);
  };

  channel.on('internalMessage', listener);
  cluster.worker?.once('disconnect', onDisconnect);
  const known = primaryFrom(process.env[PRIMARY]);
  if (known === undefined) post(process, { act: 'who' });
  else accept(known);
  return {
    isElsewhere: () => primary !== undefined,
    isServed: async () => {
      if (primary !== undefined || known !== undefined) return primary !== undefined;
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(HELLO_MS, resolve);
        onKnown = () => {
          cancel();
          resolve();
        };
      });
      return primary !== undefined;
    },
    read: (format: Format) => {
      if (primary === undefined || !process.connected) return undefined;
      reads += 1;
      const id = reads;
      return new Promise((resolve) => {
        const end = (text: string | undefined) => {
          cancel();
          readers.delete(id);
          resolve(text === undefined ? undefined : [Buffer.from(text)]);
        };
        const cancel = systemClock.after(READ_MS, () => end(undefined));
        readers.set(id, end);
        post(process, { act: 'read', id, format });
      });
    },
    withdraw: () => {
      if (primary !== undefined) report('leave', outbox.add([]));
      close();
    },
    leave: async () => {
      close();
      if (primary === undefined) return;
      const last = outbox.add(await exporter.handOver(ANSWER_MS).catch(() => []));
      report('leave', last);
      leaveFile();
    },
    leaveNow: () => {
      if (primary === undefined) return;
      outbox.add(exporter.handOverNow());
      leaveFile();
    },
  };
}

function primaryFrom(text: string | undefined): Primary | undefined {
  try {
    const primary: Primary = JSON.parse(text ?? '');
    return primary.pid === process.ppid ? primary : undefined;
  } catch {
    return undefined;
  }
}
