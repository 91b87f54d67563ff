/**
 * Observes one execution of a primitive: one span, one verdict, one count, one duration.
 *
 * Without a registered SDK there is no span and no OpenTelemetry context, and the clock is not read; counts go on.
 */
import { context } from '@opentelemetry/api';
import { closeObservation, openObservation } from './lifecycle.ts';
import type { Observation, ObservedContext } from './observation.ts';
import type { PrimitiveTelemetry } from './primitive-telemetry.ts';
import type { Outcome } from './semconv.ts';
import { isStream, ObservedStream } from './stream.ts';
import type { EndListener } from './stream-execution.ts';
import { firstAnswer, type StreamAnswer, type StreamContext, type StreamSource } from './stream-start.ts';
import { verdictOn } from './verdict.ts';

/** The part of its context that an execution needs. */
export interface PrimitiveContext extends ObservedContext, StreamContext {
  /** Told at the beginning of an execution. True for the outermost one of its run, which must tell its end. */
  beginExecution(): boolean;
  /** Told at the end of the outermost execution. `cancelled`: nobody wants its result any more. */
  endExecution(cancelled: boolean): void;
}

export type Body<In, Ctx, Out> = (input: In, context: Ctx, observation: Observation) => Out | PromiseLike<Out>;

/**
 * Runs `body` as one observed execution and settles with the same value or error. A stream is returned in a wrapper as
 * soon as it has given its first chunk; the execution then lasts until the stream ends.
 */
export async function observe<In, Ctx extends PrimitiveContext, Out>(
  telemetry: PrimitiveTelemetry,
  input: In,
  ctx: Ctx,
  body: Body<In, Ctx, Out>,
): Promise<Out> {
  telemetry.active.value += 1;
  const isOutermost = ctx.beginExecution();
  const observation = openObservation(telemetry, ctx);
  let output: Out;
  let first: StreamAnswer<unknown> | undefined;
  try {
    output =
      observation.source === undefined
        ? await body(input, ctx, observation)
        : await inSpan(observation, body, input, ctx);
    if (isStream(output)) first = await firstAnswer(output, observation, ctx);
  } catch (error) {
    close(telemetry, observation, ctx, isOutermost, verdictOn(error, ctx), error);
    throw error;
  }
  if (first !== undefined) {
    const onEnd: EndListener = (failure) => {
      const outcome = failure === undefined ? 'success' : verdictOn(failure.error, ctx);
      close(telemetry, observation, ctx, isOutermost, outcome, failure?.error);
    };
    return new ObservedStream(output as StreamSource<unknown>, first, observation, ctx, onEnd) as Out;
  }
  close(telemetry, observation, ctx, isOutermost, 'success', undefined);
  return output;
}

function close(
  { active }: PrimitiveTelemetry,
  observation: Observation,
  ctx: PrimitiveContext,
  isOutermost: boolean,
  outcome: Outcome,
  error: unknown,
): void {
  active.value -= 1;
  if (isOutermost) ctx.endExecution(outcome === 'cancelled' || outcome === 'superseded');
  closeObservation(observation, ctx, outcome, error);
}

/** Calls the work in the context of its span. If the context manager throws before the work begins, calls it without. */
function inSpan<In, Ctx, Out>(
  observation: Observation,
  body: Body<In, Ctx, Out>,
  input: In,
  ctx: Ctx,
): Out | PromiseLike<Out> {
  try {
    return context.with(observation.context, begin<In, Ctx, Out>, undefined, observation, body, input, ctx);
  } catch (error) {
    if (observation.begun) throw error;
    return body(input, ctx, observation);
  }
}

function begin<In, Ctx, Out>(
  observation: Observation,
  body: Body<In, Ctx, Out>,
  input: In,
  ctx: Ctx,
): Out | PromiseLike<Out> {
  observation.begun = true;
  return body(input, ctx, observation);
}
