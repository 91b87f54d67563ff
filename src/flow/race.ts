import { openAccount, withAccount } from '../core/accounts.ts';
import { CancelScope } from '../core/cancellation.ts';
import { checkOptions, type Rules } from '../core/check.ts';
import { effectsAround } from '../core/effects.ts';
import { RaceError } from '../core/errors.ts';
import type { Accepting, CommonInput, OutputOf } from '../core/inference.ts';
import { labelsOf, namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requireList, requirePrimitive } from '../core/primitive.ts';
import { optionalName } from '../core/rules.ts';
import { raceRecorder } from '../telemetry/record/race.ts';

export interface RaceOptions {
  /** Replaces `RacePrimitive` in the metrics. */
  readonly name?: string | undefined;
}

const record = raceRecorder();
const RULES: Rules<RaceOptions> = { name: optionalName };

/**
 * Gives the same input to all branches at once. The first branch that succeeds wins: its output is the result, and the
 * other branches are aborted. The result does not wait for them. When all branches have failed, the race rejects with a
 * `RaceError` that has all their errors; a race of one branch rejects with the error of that branch.
 *
 * @example
 * const quickest = race([askHere, askThere]);
 * @throws TypeError at construction when there is no branch, or a branch is not a primitive; `RaceError` at execution
 * when all branches have failed
 */
export function race<const T extends readonly unknown[], In = CommonInput<T>>(
  branches: Accepting<In, T>,
  options: RaceOptions = {},
): Primitive<In, OutputOf<T[number]>> {
  type Output = OutputOf<T[number]>;
  const given = requireList('race', 'branches', 'must be a list [a, b] of primitives', branches, 'race([a, b])');
  checkOptions('RaceOptions', options, RULES);
  const list = given.map((branch: unknown, i) =>
    requirePrimitive('race', `branch ${i + 1}`, branch as Primitive<In, Output>),
  );
  if (list.length === 0) throw new TypeError('race: needs at least one branch, got none');
  const { messageName } = namesOf('race', options.name);
  const labels = labelsOf(list);
  const branchNames = list.map((branch) => branch.messageName);

  return createPrimitive<In, Output>({
    type: 'race',
    name: options.name,
    run: async (input, context, observation) => {
      const scopes = list.map(() => new CancelScope(context.scope));
      const accounts = list.map(() => openAccount(context));
      let won = false;
      const win = (winner: number) => {
        if (won) {
          effectsAround(context)?.interrupted();
          return;
        }
        won = true;
        for (const [i, account] of accounts.entries()) account.close(i === winner ? 'kept' : 'lost');
        const reason = new DOMException(`${messageName}: ${list[winner]?.messageName} answered first`, 'AbortError');
        for (const [i, scope] of scopes.entries()) if (i !== winner) scope.cancel(reason);
        scopes[winner]?.dispose();
        record.won(observation, winner, labels[winner] ?? '');
      };
      const branchContext = (i: number) => withAccount(context, accounts[i] as (typeof accounts)[number], scopes[i]);
      const run = (branch: (typeof list)[number], i: number) =>
        branch.invoke(input, branchContext(i)).then(
          (output) => {
            win(i);
            return output;
          },
          (error: unknown) => {
            scopes[i]?.dispose();
            throw error;
          },
        );
      try {
        return await Promise.any(list.map(run));
      } catch (failures) {
        for (const account of accounts) account.close('kept');
        context.scope?.throwIfCancelled();
        const { errors } = failures as AggregateError;
        throw list.length === 1 ? errors[0] : new RaceError(messageName, branchNames, errors);
      }
    },
  });
}
