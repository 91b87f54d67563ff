import { checkOptions, fail, type Rules, requireFunction, requirePlain } from '../core/check.ts';
import type { Accepting, CommonInput, OutputOf } from '../core/inference.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { NoRouteError } from '../core/refusals.ts';
import { optional, optionalName, text } from '../core/rules.ts';
import { show } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { routerRecorder } from '../telemetry/record/router.ts';

export interface RouterOptions<Route extends string = string> {
  /** Replaces `RouterPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** The route to take when the selector names none. @default none: the execution rejects with a `NoRouteError` */
  readonly default?: Route | undefined;
}

const record = routerRecorder();
const RULES: Rules<RouterOptions> = { name: optionalName, default: optional(text) };

/**
 * Runs the one route that the selector names.
 *
 * @example
 * const answer = router((q: string) => (q.length < 200 ? 'fast' : 'good'), { fast: small, good: large }, { default: 'fast' });
 * @throws TypeError at construction when there is no route, a route is not a primitive, or the default is not a route;
 * `NoRouteError` at execution when the selector names no route and there is no default
 */
export function router<const R extends Readonly<Record<string, unknown>>, In = CommonInput<R>>(
  select: (
    input: In,
    context: WorkflowContext,
  ) => NoInfer<keyof R & string> | undefined | PromiseLike<NoInfer<keyof R & string> | undefined>,
  routes: Accepting<In, R>,
  options: RouterOptions<NoInfer<keyof R & string>> = {},
): Primitive<In, OutputOf<R[keyof R]>> {
  checkOptions('RouterOptions', options, RULES);
  requireFunction('router', 'select', select);
  requirePlain('router', 'routes', 'must be an object of primitives such as { small: a, large: b }', routes);
  const known = new Map(
    Object.entries(routes).map(([key, route]) => [key, requirePrimitive('router', `route ${show(key)}`, route)]),
  );
  if (known.size === 0) throw new TypeError('router: needs at least one route, got none');
  const names = [...known.keys()];
  const { default: otherwise } = options;
  if (otherwise !== undefined && !known.has(otherwise)) {
    fail('RouterOptions', 'default', `must be one of ${names.join(', ')}`, otherwise);
  }
  const { messageName } = namesOf('router', options.name);
  return createPrimitive<In, OutputOf<R[keyof R]>>({
    type: 'router',
    name: options.name,
    run: async (input, context, observation) => {
      const answer = select(input, context);
      const selected = isPromise(answer) ? await untilCancelled(answer, context.scope) : answer;
      context.scope?.throwIfCancelled();
      const route = selected !== undefined && known.has(selected) ? selected : otherwise;
      const target = route === undefined ? undefined : known.get(route);
      if (route === undefined || target === undefined) throw new NoRouteError(messageName, selected, names);
      record.routed(observation, route);
      return target.invoke(input, context) as Promise<OutputOf<R[keyof R]>>;
    },
  });
}
