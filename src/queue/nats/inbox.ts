/** Where the replies to the jobs of this process arrive. */
import { randomUUID } from 'node:crypto';
import { inBackground } from '../../platform/background.ts';
import type { Inbox, InboxOptions } from '../job-queue.ts';
import type { Say } from '../say.ts';
import type { Connection, Link } from './connection.ts';
import { ACK, HEADER, textOf } from './delivery.ts';
import { idOf, type Layout, nanos } from './layout.ts';
import { lostAmong } from './lost.ts';
import type { Msg, Subscription } from './packages.ts';

export interface InboxParts {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly say: Say;
}

/** A reply that was not taken is sent again after this time: the connection was lost under way. */
const AGAIN_MS = 2_000;
/** So many replies may be under way. */
const MAX_UNTAKEN = 256;
/** The server forgets an inbox that has been away for so long. */
const KEEP_MS = 600_000;
/** How often the server is asked whether it has the jobs still, apart from after each loss of the connection. */
const LOOK_MS = 5_000;
/** When it is asked again where it has no trace of a job. */
const LOOK_AGAIN_MS = 2_000;

export async function openInbox({ connection, layout, say }: InboxParts, options: InboxOptions): Promise<Inbox> {
  const { on, waiting, events } = options;
  const address = randomUUID();
  let isOpen = true;
  let subscription: Subscription | undefined;

  function take({ subject, headers, data, reply }: Msg): void {
    const id = idOf(subject.slice(subject.lastIndexOf('.') + 1));
    const why = headers?.get(HEADER.why);
    on(why ? { id, dead: textOf(why) } : { id, body: data });
    if (reply !== undefined) connection.link?.nats.publish(reply, ACK.done);
  }

  async function listen({ nats, manager }: Link): Promise<void> {
    if (subscription?.isClosed() === false) subscription.unsubscribe();
    const deliverTo = `_INBOX.${address}`;
    subscription = nats.subscribe(deliverTo, { callback: (_, message) => take(message) });
    await manager.consumers.add(layout.replies, {
      durable_name: address,
      deliver_subject: deliverTo,
      filter_subject: layout.everyReply(address),
      ack_policy: 'explicit',
      ack_wait: nanos(AGAIN_MS),
      max_ack_pending: MAX_UNTAKEN,
      inactive_threshold: nanos(KEEP_MS),
    });
  }

  /** Those that a look found to be lost. A worker that runs one may need a moment to connect again. */
  let suspects = new Set<string>();
  async function look(): Promise<void> {
    const ids = [...waiting()];
    const lost = ids.length === 0 ? [] : await connection.call((link) => lostAmong(link, layout, address, ids));
    // The reply of one may have been taken in the meantime.
    const still = new Set(waiting());
    const told = lost.filter((id) => isOpen && still.has(id) && suspects.has(id));
    suspects = new Set(lost);
    if (told.length > 0)
      say('lost', `${told.length} accepted jobs are lost: NATS has no trace of them. It must keep them in files`);
    for (const id of told) on({ id, lost: true });
  }

  const failed = (error: unknown) => {
    if (isOpen) events.failed('inbox', error);
  };
  const lookAgain = () => {
    inBackground(suspects.size > 0 ? LOOK_AGAIN_MS : LOOK_MS, () => {
      if (isOpen) void look().catch(failed).finally(lookAgain);
    });
  };

  await connection.call(listen);
  lookAgain();
  const release = connection.hold(() => waiting()[Symbol.iterator]().next().done !== true);
  let isNew = true;
  const ignore = connection.onUp(() => {
    if (!isNew) connection.call(listen).then(look).catch(failed);
  });
  isNew = false;
  return {
    address,
    async close() {
      isOpen = false;
      release();
      ignore();
      if (subscription?.isClosed() === false) subscription.unsubscribe();
      await connection.link?.manager.consumers.delete(layout.replies, address).catch(() => {});
    },
  };
}
