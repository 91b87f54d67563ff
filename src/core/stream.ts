/** How combinators treat an output that is a stream: the execution ends when the stream ends. */
import { isStream, ObservedStream } from '../telemetry/stream.ts';
import type { EndListener } from '../telemetry/stream-execution.ts';

export { isStream };

/** Calls `over` when the output is complete: at the end of a stream, with its failure; at once for any other value. */
export function afterOutput(output: unknown, over: EndListener): void {
  if (output instanceof ObservedStream) output.afterEnd(over);
  else over(undefined);
}
