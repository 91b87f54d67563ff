import { checkOptions, type Rules, requireFunction, requirePlain } from '../core/check.ts';
import type { Accepting, CommonInput, OutputOf, Step } from '../core/inference.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { NoCaseError } from '../core/refusals.ts';
import { optionalName } from '../core/rules.ts';
import { show } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { switchRecorder } from '../telemetry/record/switch.ts';

/** The cases of a selector that gives a `V`: each case accepts an `In`, and its key is the text of a `V`. */
export type SwitchCases<In, V extends string | number | boolean, C> = Accepting<In, C> & {
  readonly [K in keyof C]: `${K & (string | number)}` extends `${V}` ? unknown : never;
};

export interface SwitchOptions {
  /** Replaces `SwitchPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

const record = switchRecorder();
const RULES: Rules<SwitchOptions> = { name: optionalName };

/**
 * Runs the case whose key is the selector's value, or `otherwise` when there is no such case. A number or a boolean
 * matches the key with the same text. Where the selector's type lists its values, each value needs a case, unless there
 * is an `otherwise`.
 *
 * @example
 * const answer = switchOn((t: Ticket) => t.kind, { bug: reproduce, question: reply }, task('file', (t) => file(t)));
 * @throws TypeError at construction when there is no case or a case is not a primitive; `NoCaseError` at execution when
 * no case matches and there is no `otherwise`
 */
export function switchOn<
  const V extends string | number | boolean,
  const C extends Readonly<Record<string | number, unknown>>,
  In = CommonInput<C>,
>(
  select: (input: In, context: WorkflowContext) => V | PromiseLike<V>,
  cases: SwitchCases<In, V, C> & Readonly<Record<`${V}`, unknown>>,
  otherwise?: undefined,
  options?: SwitchOptions,
): Primitive<In, OutputOf<C[keyof C]>>;
export function switchOn<
  const V extends string | number | boolean,
  const C extends Readonly<Record<string | number, unknown>>,
  Otherwise,
  In = CommonInput<C>,
>(
  select: (input: In, context: WorkflowContext) => V | undefined | PromiseLike<V | undefined>,
  cases: SwitchCases<In, V, C>,
  otherwise: Step<In, Otherwise>,
  options?: SwitchOptions,
): Primitive<In, OutputOf<C[keyof C]> | Otherwise>;
export function switchOn<In>(
  select: (input: In, context: WorkflowContext) => unknown,
  cases: Readonly<Record<string, unknown>>,
  otherwise?: Primitive<In, unknown>,
  options: SwitchOptions = {},
): Primitive<In, unknown> {
  checkOptions('SwitchOptions', options, RULES);
  requireFunction('switchOn', 'select', select);
  requirePlain('switchOn', 'cases', 'must be an object of primitives such as { yes: a, no: b }', cases);
  const known = new Map(
    Object.entries(cases).map(([key, primitive]) => [
      key,
      requirePrimitive('switchOn', `case ${show(key)}`, primitive as Primitive<In, unknown>),
    ]),
  );
  if (known.size === 0) throw new TypeError('switchOn: needs at least one case, got none');
  const call = 'switchOn(select, cases, undefined, { name })';
  const otherwiseCase =
    otherwise === undefined ? undefined : requirePrimitive('switchOn', 'otherwise', otherwise, call);
  const names = [...known.keys()];
  const { messageName } = namesOf('switch', options.name, { factory: 'switchOn' });
  return createPrimitive<In, unknown>({
    type: 'switch',
    name: options.name,
    messageName,
    run: async (input, context, observation) => {
      const answer = select(input, context);
      const value = isPromise(answer) ? await untilCancelled(answer, context.scope) : answer;
      context.scope?.throwIfCancelled();
      const name = caseName(value);
      const matched = name === undefined ? undefined : known.get(name);
      const target = matched ?? otherwiseCase;
      if (target === undefined) throw new NoCaseError(messageName, value, names);
      record.switched(observation, matched === undefined || name === undefined ? 'otherwise' : name);
      return target.invoke(input, context);
    },
  });
}

function caseName(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
