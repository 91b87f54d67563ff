/** Runs of real primitives, as Studio receives them. */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTestTelemetry, type TestTelemetry } from '../../../../src/testing/index.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { type RunTree, treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { readTraceRequest } from '../../../../src/tools/studio/receive/read-request.ts';

/** The spans of `work`, whether it fails or not. */
export async function recorded(work: () => Promise<unknown>): Promise<readonly StudioSpan[]> {
  const telemetry = startTestTelemetry();
  try {
    await work().catch(() => {});
    return studioSpans(telemetry);
  } finally {
    await telemetry.stop();
  }
}

export function studioSpans(telemetry: TestTelemetry): readonly StudioSpan[] {
  const bytes = JsonTraceSerializer.serializeRequest(telemetry.spans() as unknown as ReadableSpan[]);
  return readTraceRequest(JSON.parse(Buffer.from(bytes ?? '').toString())).spans;
}

export const treeFrom = async (work: () => Promise<unknown>): Promise<RunTree> => treeOf(await recorded(work));
