/** The price of observation alone: steps that do nothing. */
import { type Primitive, parallel, sequential, task } from '../../src/index.js';
import type { Case, Run } from './measure.js';
import { bareSpan, byHand } from './reference.js';

const nothing = (input: number) => input;
const nothingAsync: Run = async (input) => input;
const TEN = Array.from({ length: 10 }, (_, i) => `step${i}`);

type Step = Primitive<number, number>;

const one = task('noop', nothing);
const [first, ...rest] = TEN.map((name) => task(name, nothing)) as [Step, ...Step[]];
const tenInSequence = rest.reduce((chain, step) => chain.pipe(step), sequential(first));
const tenInParallel = parallel(TEN.map((name) => task(name, nothing)));

const inSequence =
  (steps: readonly Run[]): Run =>
  async (input) => {
    let value: unknown = input;
    for (const step of steps) value = await step(value as number);
    return value;
  };

const inParallel =
  (steps: readonly Run[]): Run =>
  (input) =>
    Promise.all(steps.map((step) => step(input)));

type Wrap = (type: string, name: string, work: Run) => Run;

function casesAgainst(reference: string, wrap: Wrap): Case[] {
  const steps = TEN.map((name) => wrap('task', name, nothingAsync));
  const alone = wrap('task', 'noop', nothingAsync);
  const sequence = wrap('sequential', 'sequence', inSequence(steps));
  const branches = wrap('parallel', 'branches', inParallel(steps));
  return [
    { name: 'one step', reference, ours: (n) => one.execute(n), theirs: alone },
    { name: 'ten in sequence', reference, ours: (n) => tenInSequence.execute(n), theirs: sequence, steps: 10 },
    { name: 'ten in parallel', reference, ours: (n) => tenInParallel.execute(n), theirs: branches, steps: 10 },
  ];
}

export const againstByHand = casesAgainst('span, counter, histogram by hand', byHand);
export const againstBareSpan = casesAgainst('a bare span by hand', (_, name, work) => bareSpan(name, work));
