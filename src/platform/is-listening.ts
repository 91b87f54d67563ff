import { connect } from 'node:net';
import { type Clock, systemClock } from './clock.ts';

const TIMEOUT_MS = 500;

/**
 * Whether a process accepts TCP connections at a port. Never rejects. Resolves to `false` after 500 ms without an answer.
 *
 * @param port the TCP port
 * @param host @default '127.0.0.1'
 */
export function isListening(port: number, host = '127.0.0.1', clock: Clock = systemClock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const answer = (listening: boolean) => {
      cancel();
      socket.destroy();
      resolve(listening);
    };
    const cancel = clock.after(TIMEOUT_MS, () => answer(false));
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
