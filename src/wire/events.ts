/** Listens to the events of a stream while its client iterates over it. */
import { type Leavable, tellNoMore, tellWhenDropped } from './dropped.ts';

/** What is told of a stream of events. No method throws. */
export interface EventSink extends Leavable {
  event(event: unknown): void;
  ended(): void;
  broken(error: unknown): void;
}

/** Tells `sink` what is read of the stream, which stays the same object. */
export function listenTo(stream: AsyncIterable<unknown>, sink: EventSink): void {
  const iterate = stream[Symbol.asyncIterator];
  const value = () => {
    const events = listening(Reflect.apply(iterate, stream, []), sink);
    // Who iterates may have dropped the stream.
    tellNoMore(sink);
    tellWhenDropped(events, sink);
    return events;
  };
  Object.defineProperty(stream, Symbol.asyncIterator, { value, configurable: true, writable: true, enumerable: false });
  tellWhenDropped(stream, sink);
}

function listening(events: AsyncIterator<unknown>, sink: EventSink): AsyncIterableIterator<unknown> {
  const told = (result: IteratorResult<unknown>) => {
    if (result.done) sink.ended();
    else sink.event(result.value);
    return result;
  };
  const broken = (error: unknown): never => {
    sink.broken(error);
    throw error;
  };
  return {
    next: (...values) => events.next(...values).then(told, broken),
    return(value) {
      sink.left();
      return events.return?.(value) ?? Promise.resolve({ done: true, value });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
