/** How combinators treat an output that is a stream: the execution is over when the stream is. */
import { type EndListener, isStream, ObservedStream } from '../telemetry/stream.ts';

export { isStream };

/** Calls `over` once the output is really over: a stream's end, with its failure; at once for any other value. */
export function afterOutput(output: unknown, over: EndListener): void {
  if (output instanceof ObservedStream) output.afterEnd(over);
  else over(undefined);
}
