/** Tells of replies that their clients have dropped without reading them to the end. */

export interface Leavable {
  /** The client reads no more. */
  left(): void;
}

/** One for all: one for each `fetch` was collected before the replies that it had to tell of. */
const registry = new FinalizationRegistry<Leavable>((reply) => reply.left());

/** Calls `reply.left()` once `owner` is garbage. `reply` must not refer to it. */
export function tellWhenDropped(owner: object, reply: Leavable): void {
  registry.register(owner, reply, reply);
}

/** There is nothing more to tell. */
export function tellNoMore(reply: Leavable): void {
  registry.unregister(reply);
}
