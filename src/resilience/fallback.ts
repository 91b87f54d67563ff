import { type Account, openAccount, withAccount } from '../core/accounts.ts';
import { checkOptions, type Rules } from '../core/check.ts';
import { decide } from '../core/decide.ts';
import type { OutputOf, Step } from '../core/inference.ts';
import { labelsOf, namesOf } from '../core/names.ts';
import {
  createPrimitive,
  type ObservedPrimitive,
  type Primitive,
  primitiveRule,
  requireList,
  requirePrimitive,
} from '../core/primitive.ts';
import { callback, optional, optionalName } from '../core/rules.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { fallbackRecorder } from '../telemetry/record/fallback.ts';

export interface FallbackOptions {
  /** Replaces `FallbackPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

const RULES: Rules<FallbackOptions> = { name: optionalName };

/** A substitute for some errors only. */
export interface ConditionalSubstitute<In, Out> {
  /** The primitive that runs instead. */
  readonly use: Step<In, Out>;
  /** Whether the substitute runs, by the error of the primitive or substitute that failed last. @default always */
  readonly when?: ((error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>) | undefined;
}

const SUBSTITUTE_RULES: Rules<ConditionalSubstitute<never, unknown>> = {
  use: primitiveRule,
  when: optional(callback()),
};

/** A primitive that runs instead of a failed one. */
export type Substitute<In> = Step<In> | ConditionalSubstitute<In, unknown>;

/**
 * Runs the primitive. If it fails, runs the substitutes in their order until one succeeds. If all fail, rejects with the
 * error of the last one that ran, unchanged; the spans show every error. After an abort no substitute runs. A substitute
 * may have a `when`: it runs only after the errors for which `when` is true. Telemetry says who answered by the innermost
 * name that you gave, or else by the model; wrappers need no name for that.
 *
 * @example
 * const answer = fallback(largeModel, [
 *   { use: smallModel, when: (error) => error instanceof PrimitiveTimeoutError },
 *   task('apology', () => 'Please try again later'),
 * ]);
 * @throws TypeError at construction when there is no substitute, a substitute is not a primitive, or an option is wrong
 */
export function fallback<In, Out, const S extends readonly Substitute<In>[]>(
  primitive: Primitive<In, Out>,
  substitutes: S,
  options: FallbackOptions = {},
): Primitive<In, NoInfer<Out | OutputOf<S[number]>>> {
  type Answer = Out | OutputOf<S[number]>;
  const given = requireList(
    'fallback',
    'substitutes',
    'must be a list [second, third] of primitives',
    substitutes,
    'fallback(first, [second, third])',
  );
  checkOptions('FallbackOptions', options, RULES);
  const primary = requirePrimitive<In, Answer>('fallback', 'primitive', primitive);
  const links: readonly Link<In, Answer>[] = [{ use: primary, when: always }, ...linksOf<In, Answer>(given)];
  const { name } = options;
  const { label, messageName } = namesOf('fallback', name, { around: primary });
  const record = fallbackRecorder(label, labelsOf(links.map(({ use }) => use)));

  return createPrimitive<In, Answer>({
    type: 'fallback',
    name,
    messageName,
    // A substitute may have answered.
    answering: { authorNames: [], otherNames: [messageName] },
    run: async (input, context, observation) => {
      let failure: unknown;
      let tried = 0;
      let account: Account | undefined;
      for (let i = 0; i < links.length; i += 1) {
        const { use, when } = links[i] as Link<In, Answer>;
        if (tried > 0) {
          const answer = decide(when, failure, context, observation);
          if (!(isPromise(answer) ? await answer : answer)) continue;
        }
        if (tried === 1) record.activated();
        tried += 1;
        account?.close('replaced');
        account = openAccount(context);
        try {
          const output = await use.invoke(input, withAccount(context, account));
          account.close(tried === 1 ? 'kept' : 'substitute');
          record.answered(observation, i);
          return output;
        } catch (error) {
          failure = error;
          record.failed(observation, i, error);
          if (context.scope?.cancelled === true) break;
        }
      }
      account?.close('kept');
      throw failure;
    },
  });
}

interface Link<In, Out> {
  readonly use: ObservedPrimitive<In, Out>;
  readonly when: NonNullable<ConditionalSubstitute<In, Out>['when']>;
}

const always = () => true;

function linksOf<In, Out>(substitutes: readonly unknown[]): readonly Link<In, Out>[] {
  if (substitutes.length === 0) throw new TypeError('fallback: needs at least one substitute, got none');
  return substitutes.map((substitute, i) => linkOf<In, Out>(substitute, `substitute ${i + 1}`));
}

function linkOf<In, Out>(substitute: unknown, what: string): Link<In, Out> {
  if (typeof substitute !== 'object' || substitute === null || !('use' in substitute)) {
    return { use: requirePrimitive('fallback', what, substitute as Primitive<In, Out>), when: always };
  }
  checkOptions(`fallback: ${what}`, substitute, SUBSTITUTE_RULES);
  const { use, when = always } = substitute as ConditionalSubstitute<In, Out>;
  return { use: requirePrimitive('fallback', `${what}: use`, use), when };
}
