/** One sentence on how a run went: what failed, at which attempt, why, and what absorbed it. */
import { absorberOf, firstFailuresIn } from './absorber.ts';
import { culpritOf, interruptedIn } from './culprit.ts';
import { lineOf } from './cut-text.ts';
import { causesSaid, errorLine } from './error.ts';
import { type Compensation, factsOf, type Outcome } from './facts.ts';
import { isLocalRoot } from './local-root.ts';
import { calledOf } from './title.ts';
import { nodesInOrder } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';

/** A piece of the sentence; with `spanId` it is the name of that span. */
export interface StoryPart {
  readonly text: string;
  readonly spanId: string | null;
}

export interface Story {
  /** `absorbed`: it worked, although something in it failed. `growing`: its root has not ended. */
  readonly tone: 'failed' | 'stopped' | 'absorbed' | 'worked' | 'growing';
  readonly parts: readonly StoryPart[];
  /** The parts as one text. */
  readonly text: string;
  /** The innermost span that failed, and from the root to it what failed because of it; `null`, and none, for a run that worked. */
  readonly culprit: TreeNode | null;
  readonly path: readonly TreeNode[];
}

/** A sentence stays a sentence: what is longer is cut. */
const LONGEST_MESSAGE = 300;
const LONGEST_NAME = 80;
const MOST_NAMED = 3;
const MOST_CAUSES = 4;

const say = (text: string): StoryPart => ({ text, spanId: null });
const name = (node: TreeNode): StoryPart => ({ text: lineOf(calledOf(node), LONGEST_NAME), spanId: node.span.spanId });
const errorSaid = (error: Parameters<typeof errorLine>[0]) => lineOf(errorLine(error), LONGEST_MESSAGE);

export function storyOf(tree: RunTree): Story {
  const [first] = tree.roots;
  if (first === undefined) return told('growing', [say('Nothing of this run has been received.')]);
  const root = tree.roots.find(isRoot);
  const failed = tree.roots.find((node) => isRoot(node) && factsOf(node.span).error !== null);
  if (failed !== undefined) return failureOf(failed);
  const absorbed = absorbedIn(tree);
  if (root === undefined)
    return told('growing', [say('The end of the run has not been received'), ...absorbed, say('.')]);
  return told(absorbed.length === 0 ? 'worked' : 'absorbed', [say('The run worked'), ...absorbed, say('.')]);
}

const isRoot = ({ span, isMissing }: TreeNode) => !isMissing && isLocalRoot(span);

const ENDINGS: Readonly<Record<Outcome, string>> = {
  success: 'worked',
  failure: 'failed',
  timeout: 'timed out',
  cancelled: 'was cancelled',
  superseded: 'was given up because of another branch',
  rejected: 'was refused',
};

/** These turn work away themselves; what any other span says was refused to it by something that has no span. */
const REFUSING: ReadonlySet<string> = new Set(
  'circuit_breaker bulkhead rate_limit budget router switch cache'.split(' '),
);

function endingOf({ span }: TreeNode): string {
  const { type, outcome } = factsOf(span);
  return outcome === 'rejected' && REFUSING.has(type) ? 'refused its work' : ENDINGS[outcome];
}

function failureOf(root: TreeNode): Story {
  const path = culpritOf(root);
  const culprit = path.at(-1) ?? root;
  const { outcome, timeoutUs, error } = factsOf(culprit.span);
  const isStopped = outcome === 'cancelled' || outcome === 'superseded';
  const parts: StoryPart[] = [name(culprit), say(` ${endingOf(culprit)}`)];
  if (outcome === 'timeout' && timeoutUs !== null) parts.push(say(` after ${timeoutUs / 1e6} s`));
  parts.push(...attemptOn(path));
  const interrupted = interruptedIn(culprit);
  if (interrupted !== undefined) parts.push(say(', while '), name(interrupted), say(' ran'));
  if (error !== null && errorLine(error) !== '') parts.push(say(`: ${errorSaid(error)}`));
  if (error !== null) parts.push(say(causesSaid(error.causes.slice(0, MOST_CAUSES), errorSaid)));
  const absorbers = path.toReversed().flatMap((node) => triedToAbsorb(node, culprit));
  parts.push(...(absorbers.length === 0 && !isStopped ? [say('; nothing absorbed it')] : absorbers), say('.'));
  return told(isStopped ? 'stopped' : 'failed', parts, culprit, path);
}

/** Of the innermost retry around the culprit. */
function attemptOn(path: readonly TreeNode[]): readonly StoryPart[] {
  for (let i = path.length - 2; i >= 0; i -= 1) {
    const [retry, attempt] = [path[i] as TreeNode, path[i + 1]?.attempt];
    const { type, attempts } = factsOf(retry.span);
    if (type === 'retry' && typeof attempt === 'number') {
      return [say(` at attempt ${attempt} of ${Math.max(attempt, attempts ?? 0)} of `), name(retry)];
    }
  }
  return [];
}

/** What a span on the way up did about the failure, and the error that it made of it. */
function triedToAbsorb(node: TreeNode, culprit: TreeNode): readonly StoryPart[] {
  const { type, fallbackFailures, retryStoppedBy, retryResult, compensations, error } = factsOf(node.span);
  const does = (text: string) => [say('; '), name(node), say(` ${text}`)];
  if (compensations.length > 0) return does(compensationsIn(compensations));
  if (type === 'retry') {
    if (retryResult === 'failure_not_retryable') return does('does not retry this error');
    if (retryStoppedBy === null || retryStoppedBy === 'max_retries') return [];
    return does(`gave up because of its ${retryStoppedBy}`);
  }
  if (type === 'fallback' && fallbackFailures.length > 1) {
    return does(`asked ${plural(fallbackFailures.length - 1, 'substitute')}, which failed too`);
  }
  const own = error === null ? '' : errorLine(error);
  const below = node === culprit ? own : errorLine(factsOf(culprit.span).error ?? { type: '', message: '' });
  return own === below || error === null || node.parent === null ? [] : does(`made it ${errorSaid(error)}`);
}

function compensationsIn(all: readonly Compensation[]): string {
  const named = (result: string) =>
    all
      .filter((each) => each.result === result)
      .map(({ step, error }) => (error === null ? step : `${step} (${errorSaid(error)})`));
  const texts = [
    ['undid', named('undone')],
    ['could not undo', named('failed')],
    ['does not know whether there is something to undo of', named('unknown')],
  ] as const;
  return texts
    .filter(([, steps]) => steps.length > 0)
    .map(([verb, steps]) => `${verb} ${listed(steps)}`)
    .join(' and ');
}

/** Who absorbed how many failures, and who refused results, in a run that worked so far. */
function absorbedIn(tree: RunTree): readonly StoryPart[] {
  const failures = firstFailuresIn(tree);
  const absorbers = new Map<string, { count: number; readonly node: TreeNode; readonly how: string }>();
  for (const failure of failures) {
    const absorber = absorberOf(failure);
    if (absorber === null) continue;
    const key = `${calledOf(absorber.node)} ${absorber.how}`;
    const found = absorbers.get(key);
    if (found === undefined) absorbers.set(key, { count: 1, ...absorber });
    else found.count += 1;
  }
  const parts: StoryPart[] = [];
  if (failures.length > 0) parts.push(say(`, although ${plural(failures.length, 'call')} failed`));
  const sorted = [...absorbers.values()].sort((one, other) => other.count - one.count);
  for (const [i, { count, node, how }] of sorted.slice(0, MOST_NAMED).entries()) {
    const share = failures.length === 1 ? 'it' : count === failures.length ? 'all of them' : `${count} of them`;
    parts.push(
      say(i === 0 ? ': ' : ', '),
      name(node),
      say(` absorbed ${share}${how === '' ? '' : ` ${lineOf(how, LONGEST_NAME)}`}`),
    );
  }
  if (sorted.length > MOST_NAMED) parts.push(say(`, and ${sorted.length - MOST_NAMED} more absorbed the others`));
  parts.push(...refusedIn(tree, parts.length > 0));
  return [...parts, ...lostWorkersIn(tree, parts.length > 0)];
}

/** Results that were refused, and so were tried again, are no failures. */
function refusedIn(tree: RunTree, isSecond: boolean): readonly StoryPart[] {
  const refusing = [...nodesInOrder(tree)].filter(({ span }) =>
    factsOf(span).retries.some(({ error }) => error === null),
  );
  const [first] = refusing;
  if (first === undefined) return [];
  const count = refusing.reduce(
    (sum, { span }) => sum + factsOf(span).retries.filter((each) => each.error === null).length,
    0,
  );
  return [
    say(isSecond ? '; ' : ', although '),
    name(first),
    say(` refused ${plural(count, 'result')} and tried again`),
  ];
}

/** Jobs that another worker did again are no failures. */
function lostWorkersIn(tree: RunTree, isSecond: boolean): readonly StoryPart[] {
  const again = [...nodesInOrder(tree)].filter(({ span }) => (factsOf(span).job?.delivery ?? 0) > 1);
  const [first] = again;
  if (first === undefined) return [];
  const others = again.length - 1;
  const text =
    others === 0
      ? ' lost its worker, and another one did it again'
      : ` and ${plural(others, 'other job')} lost their workers, and others did them again`;
  return [say(isSecond ? '; ' : ', although '), name(first.parent ?? first), say(text)];
}

function told(
  tone: Story['tone'],
  all: readonly StoryPart[],
  culprit: TreeNode | null = null,
  path: readonly TreeNode[] = [],
): Story {
  // An error without a cause has nothing to say of it.
  const parts = all.filter(({ text }) => text !== '');
  return { tone, parts, text: parts.map(({ text }) => text).join(''), culprit, path };
}

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
const listed = (names: readonly string[]) => {
  const shown = names
    .slice(0, MOST_NAMED)
    .map((each) => lineOf(each, LONGEST_NAME))
    .join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
};
