import type { Connection } from './connection.ts';
import { isMissing } from './errors.ts';
import type { Layout } from './layout.ts';
import { forgetNotes, noteOf } from './notes.ts';

/**
 * Removes a job that no worker has. If one may have it, that worker gets the message, and the job stays: until it has
 * ended it is no lost job.
 *
 * @returns whether it is certain that no worker has it
 */
export async function cancelJob(
  connection: Connection,
  layout: Layout,
  id: string,
  message: Uint8Array,
): Promise<boolean> {
  const job = await connection.call(({ manager }) =>
    manager.streams.getMessage(layout.jobs, { last_by_subj: layout.job(id) }),
  );
  if (job === null) return false;
  const wasTaken = () =>
    connection.call(async ({ manager }) => {
      const { delivered } = await manager.consumers.info(layout.jobs, layout.consumer);
      return delivered.stream_seq >= job.seq;
    });
  const isDelayed = async () => {
    const last = await connection.call((link) => noteOf(link, layout, id));
    return last !== undefined && last.until > connection.now();
  };
  const hasWorker = async () => (await wasTaken()) && !(await isDelayed());

  if (!(await hasWorker())) {
    await connection.call(async ({ manager }) => {
      await manager.streams.deleteMessage(layout.jobs, job.seq, false).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    });
    // One may have taken it in the meantime.
    if (!(await hasWorker())) {
      await connection.call((link) => forgetNotes(link, layout, id));
      return true;
    }
  }
  await connection.call(({ jetstream }) => jetstream.publish(layout.cancel(id), message));
  return false;
}
