import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (32768 and up on Linux). One of those is free when it is
 * looked for, and may be the local port of any connection a moment later, when the program under test wants to listen.
 */
const FIRST = 10_000;
const LAST = 32_000;

/** A test may ask for many ports before the first program listens. */
const given = new Set<number>();

/** A TCP port of 127.0.0.1 on which nothing listens now, for a program that cannot choose one itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    const server = createServer();
    try {
      await once(server.listen({ port, host: '127.0.0.1', exclusive: true }), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}
