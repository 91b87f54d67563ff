import { checkOptions, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { CircuitOpenError, isInconclusive } from '../core/refusals.ts';
import { callback, optional, optionalName } from '../core/rules.ts';
import { afterOutput } from '../core/stream.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type Observation, recordCallbackError } from '../telemetry/record/callback.ts';
import { circuitBreakerRecorder } from '../telemetry/record/circuit-breaker.ts';
import type { CircuitResult } from './circuit.ts';
import { type CircuitSource, circuitSource, SOURCE_RULES } from './circuit-source.ts';
import { judge } from './judge.ts';

/** The options of every circuit breaker. */
export interface CircuitBreakerCommonOptions {
  /** Replaces `CircuitBreakerPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * Which errors are failures of the dependency. Any other error is an answer, and counts as a success. A cancellation
   * does not count, and a refusal by a policy inside does not count either: the dependency was not called. `when` cannot
   * be asynchronous: the circuit needs the result before it admits the next execution. If it throws, the error does not
   * count.
   * @default what is a failure by "What is worth another try"
   */
  readonly when?: ((error: unknown, context: WorkflowContext) => boolean) | undefined;
}

export type CircuitBreakerOptions<In = unknown> = CircuitBreakerCommonOptions & CircuitSource<In>;

const record = circuitBreakerRecorder();
const RULES: Rules<CircuitBreakerOptions<never>> = { name: optionalName, ...SOURCE_RULES, when: optional(callback()) };

/**
 * Stops calling a dependency that keeps failing. Its circuit opens after `consecutiveFailures`, or when `failureRatio`
 * of the executions of the last `windowMs` failed; then it rejects with `CircuitOpenError` at once. After `openMs` it
 * admits `halfOpenProbes`: if all succeed it closes, if one fails it opens again. If several circuits have one name (one
 * per key, or primitives with the same name), the gauge shows the worst of them.
 *
 * A stream counts when it ends: a failure after the first chunk is a failure too, a reader that leaves early is a success.
 * Work that never ends is no failure: put a `timeout` inside. An execution inside another one of the same circuit is a
 * part of it: it needs no probe of its own, and what passes through both counts once.
 *
 * With a `store`, several processes share the circuit. What the gauge and the metrics of the circuit show is what this
 * process does. If the store does not answer, its own results open and close its own circuit, and a metric says so.
 *
 * @example
 * const guarded = circuitBreaker(timeout(ask, { timeoutMs: 30_000 }), { consecutiveFailures: 5, openMs: 10_000 });
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when a key is not a text
 */
export function circuitBreaker<In, Out>(
  primitive: Primitive<In, Out>,
  options: CircuitBreakerOptions<NoInfer<In>>,
): Primitive<In, Out> {
  checkOptions('CircuitBreakerOptions', options, RULES);
  const inner = requirePrimitive('circuitBreaker', 'primitive', primitive);
  const { name, when, ...source } = options;
  const { label, messageName } = namesOf('circuit_breaker', name, { around: inner });
  const circuitFor = circuitSource('CircuitBreakerOptions', source, { label, messageName });
  /** What the error of an execution says about the dependency. */
  const resultOf = (error: unknown, context: ExecutionContext, observation: Observation): CircuitResult => {
    if (context.scope?.cancelled === true || isInconclusive(error)) return 'unknown';
    if (when === undefined) return judge(error).circuit;
    let isFailure: unknown;
    try {
      isFailure = when(error, context);
    } catch (thrown) {
      recordCallbackError(observation, thrown);
      return 'unknown';
    }
    if (isPromise(isFailure)) {
      // A promise is truthy, also one that resolves to false. Its rejection must not end the process.
      isFailure.then(undefined, () => {});
      throw new TypeError(`${messageName}: when must answer at once, got a promise`, { cause: error });
    }
    return isFailure ? 'failure' : 'success';
  };

  return createPrimitive<In, Out>({
    type: 'circuit_breaker',
    name,
    around: inner,
    run: async (input, context, observation) => {
      const { clock } = context;
      const found = circuitFor(input, context);
      const circuit = isPromise(found) ? await found : found;
      const admitted = circuit.admit(clock, context, observation);
      const admission = isPromise(admitted) ? await admitted : admitted;
      if (admission === undefined) {
        const { state, until } = circuit.refusal();
        record.refused(observation, state);
        const leftMs = until === undefined ? undefined : Math.max(0, until - clock.now());
        throw new CircuitOpenError(messageName, state, leftMs, context.date());
      }
      const onEnd = (failure: { readonly error: unknown } | undefined) => {
        let result: CircuitResult = 'unknown';
        try {
          result = failure === undefined ? 'success' : resultOf(failure.error, context, observation);
        } finally {
          const changedTo = circuit.settle(admission, result, failure?.error, clock, context);
          if (changedTo !== undefined) record.changed(observation, changedTo);
        }
      };
      let output: Out;
      try {
        output = await inner.invoke(input, circuit.inside(context, admission));
      } catch (error) {
        onEnd({ error });
        throw error;
      }
      afterOutput(output, onEnd);
      return output;
    },
  });
}
