import type { Link } from './connection.ts';

/** What the headers of a message may take, in bytes. */
const HEADERS = 10_000;

/** Refuses a body that the server would not take: it would cut the connection. */
export function requireRoom({ nats }: Link, body: Uint8Array): void {
  const { max_payload: most = Number.POSITIVE_INFINITY } = nats.info ?? {};
  if (body.length + HEADERS > most)
    throw new RangeError(
      `natsQueue: the server takes ${most} bytes in a message, ${HEADERS} of them for headers, got ${body.length}: raise its max_payload`,
    );
}
