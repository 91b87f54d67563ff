/** The open connections of a server, within limits. */
import type { Socket } from 'node:net';

/** Clients send the next request before the answer to the last one so seldom that more than this is an attack. */
const MAX_UNANSWERED = 8;

export class Connections {
  /** The oldest first, each with the requests that are not answered. */
  readonly #open = new Map<Socket, Set<AbortController>>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Where there are too many, the oldest makes room: one without a request, if there is one. */
  add(socket: Socket): void {
    if (this.#open.size >= this.#max) {
      const all = [...this.#open];
      const [oldest] = all.find(([, requests]) => requests.size === 0) ?? (all[0] as (typeof all)[number]);
      this.#remove(oldest);
      oldest.destroy();
    }
    this.#open.set(socket, new Set());
    socket.once('close', () => this.#remove(socket));
  }

  /** Takes note of a request. Returns `false` where its connection is closed, or has too many and is closed now. */
  begin(socket: Socket, request: AbortController): boolean {
    const requests = this.#open.get(socket);
    if (requests === undefined) return false;
    if (requests.size >= MAX_UNANSWERED) {
      this.#remove(socket);
      socket.destroy();
      return false;
    }
    requests.add(request);
    return true;
  }

  end(socket: Socket, request: AbortController): void {
    this.#open.get(socket)?.delete(request);
    request.abort();
  }

  /** Whether a request is not answered yet. */
  isBusy(socket: Socket): boolean {
    return (this.#open.get(socket)?.size ?? 0) > 0;
  }

  abort(): void {
    for (const socket of this.#open.keys()) this.#remove(socket);
  }

  #remove(socket: Socket): void {
    const requests = this.#open.get(socket);
    this.#open.delete(socket);
    for (const request of requests ?? []) request.abort();
  }
}
