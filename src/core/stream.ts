/**
 * How combinators treat an output that is a stream: the execution resolves with the first chunk and ends when the stream
 * ends.
 */
import { isStream, ObservedStream } from '../telemetry/stream.ts';
import type { EndListener } from '../telemetry/stream-execution.ts';

export { isStream, ObservedStream };

/** Calls `onEnd` when the output is complete: a stream at its end, with its failure; any other value at once. */
export function afterOutput(output: unknown, onEnd: EndListener): void {
  if (output instanceof ObservedStream) output.afterEnd(onEnd);
  else onEnd(undefined);
}
