/** Programs that use a Studio that another one has started: it stays until the last of them has ended, too. */
import type { ServerResponse } from 'node:http';
import { type Exchange, sendText } from '../../../platform/http-server.ts';

export interface Guests {
  /** Begins an answer that has no end: the program is there as long as the connection is. */
  handle(exchange: Exchange): void;
  count(): number;
  /** Resolves when no program is there. */
  gone(): Promise<void>;
}

const MAX_GUESTS = 64;

export function createGuests(): Guests {
  const guests = new Set<ServerResponse>();
  let whenGone: (() => void)[] = [];

  function tellIfGone(): void {
    if (guests.size > 0) return;
    for (const tell of whenGone) tell();
    whenGone = [];
  }
  return {
    handle({ request, response, signal }) {
      if (guests.size >= MAX_GUESTS) return sendText(response, 503, `${MAX_GUESTS} programs use this Studio already\n`);
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders();
      // The server itself does not keep the process alive.
      request.socket.ref();
      guests.add(response);
      const leave = () => {
        guests.delete(response);
        tellIfGone();
      };
      signal.addEventListener('abort', leave, { once: true });
    },
    count: () => guests.size,
    gone: () =>
      new Promise((resolve) => {
        whenGone.push(resolve);
        tellIfGone();
      }),
  };
}
