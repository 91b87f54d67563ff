/** One sentence on how a run went: what failed, at which attempt, why, and what absorbed it. */
import { culpritOf } from './culprit.ts';
import { errorLine } from './error.ts';
import { factsOf, type Outcome } from './facts.ts';
import { titleOf } from './title.ts';
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
const MOST_NAMED = 3;

const say = (text: string): StoryPart => ({ text, spanId: null });
const name = (node: TreeNode): StoryPart => ({ text: titleOf(node.span), spanId: node.span.spanId });

export function storyOf(tree: RunTree): Story {
  const [root] = tree.roots;
  if (root === undefined) return told('growing', [say('Nothing of this run has been received.')]);
  const failed = tree.roots.find(({ span }) => factsOf(span).error !== null);
  const isGrowing = root.isMissing || root.span.parentSpanId !== null;
  if (failed !== undefined && (failed === root || !isGrowing)) return failureOf(failed);
  const absorbed = absorbedIn(tree);
  const end =
    absorbed.length === 0 ? [say('.')] : [say(isGrowing ? ', and so far ' : ', after '), ...absorbed, say('.')];
  if (isGrowing) return told('growing', [say('The root of the run has not been received'), ...end]);
  return told(absorbed.length === 0 ? 'worked' : 'absorbed', [say('The run worked'), ...end]);
}

const ENDINGS: Readonly<Record<Outcome, string>> = {
  success: 'worked',
  failure: 'failed',
  timeout: 'timed out',
  cancelled: 'was cancelled',
  superseded: 'was given up, because another branch decided the run',
  rejected: 'was refused',
};

function failureOf(root: TreeNode): Story {
  const path = culpritOf(root);
  const culprit = path.at(-1) ?? root;
  const facts = factsOf(culprit.span);
  const parts: StoryPart[] = [name(culprit), say(` ${ENDINGS[facts.outcome]}`)];
  const retry = path.findLast((node) => factsOf(node.span).type === 'retry' && node !== culprit);
  const attempt = retry && path[path.indexOf(retry) + 1]?.attempt;
  if (retry !== undefined && typeof attempt === 'number') {
    const all = factsOf(retry.span).attempts ?? retry.children.length;
    parts.push(say(` at attempt ${attempt} of ${all} of `), name(retry));
  }
  if (facts.timeoutUs !== null && facts.outcome === 'timeout') parts.push(say(` after ${facts.timeoutUs / 1e6} s`));
  const interrupted = culprit.children.findLast(({ span }) => factsOf(span).error !== null);
  if (interrupted !== undefined)
    parts.push(say(', while '), name(culpritOf(interrupted).at(-1) ?? interrupted), say(' ran'));
  if (facts.error !== null) parts.push(say(`: ${cut(errorLine(facts.error))}`));
  for (const cause of facts.error?.causes ?? []) parts.push(say(`, caused by ${cut(errorLine(cause))}`));
  parts.push(...absorbersOn(path), say('.'));
  const isStopped = facts.outcome === 'cancelled' || facts.outcome === 'superseded';
  return told(isStopped ? 'stopped' : 'failed', parts, culprit, path);
}

/** What tried to absorb the failure on its way to the root, the innermost first. */
function absorbersOn(path: readonly TreeNode[]): readonly StoryPart[] {
  const parts: StoryPart[] = [];
  for (const node of path.toReversed()) {
    const { type, fallbackFailures, retryStoppedBy, retryResult, compensations } = factsOf(node.span);
    if (type === 'retry' && retryResult === 'failure_not_retryable') {
      parts.push(say('; '), name(node), say(' does not retry this error'));
    } else if (type === 'retry' && retryStoppedBy !== null && retryStoppedBy !== 'max_retries') {
      parts.push(say('; '), name(node), say(` gave up because of its ${retryStoppedBy}`));
    } else if (type === 'fallback' && fallbackFailures.length > 1) {
      parts.push(
        say('; '),
        name(node),
        say(` asked ${plural(fallbackFailures.length - 1, 'substitute')}, which failed too`),
      );
    }
    if (compensations.length > 0) parts.push(say('; '), name(node), say(` ${compensationsIn(compensations)}`));
  }
  return parts.length > 0 ? parts : [say('; nothing absorbed it')];
}

function compensationsIn(all: ReturnType<typeof factsOf>['compensations']): string {
  const named = (result: string) => all.filter((each) => each.result === result).map(({ step }) => step);
  const texts = [
    ['undid', named('undone')],
    ['could not undo', named('failed')],
    ['does not know whether to undo', named('unknown')],
  ] as const;
  return texts
    .filter(([, steps]) => steps.length > 0)
    .map(([verb, steps]) => `${verb} ${listed(steps)}`)
    .join(' and ');
}

/** Retries, fallbacks and refusals in a run that worked. */
function absorbedIn(tree: RunTree): readonly StoryPart[] {
  let failures = 0;
  const retries = new Map<string, { count: number; readonly node: TreeNode }>();
  const fallbacks = new Map<string, { count: number; readonly node: TreeNode; readonly to: string }>();
  for (const node of nodesInOrder(tree)) {
    const facts = factsOf(node.span);
    if (facts.error !== null && facts.outcome !== 'superseded') failures += 1;
    if (facts.retries.length > 0) {
      const key = `${facts.type} ${facts.label}`;
      const found = retries.get(key);
      if (found === undefined) retries.set(key, { count: facts.retries.length, node });
      else found.count += facts.retries.length;
    }
    if (facts.answeredBy !== null && facts.fallbackFailures.length > 0) {
      const key = `${facts.label} ${facts.answeredBy}`;
      const found = fallbacks.get(key);
      if (found === undefined) fallbacks.set(key, { count: 1, node, to: facts.answeredBy });
      else found.count += 1;
    }
  }
  const clauses: StoryPart[][] = [...retries.values()]
    .sort((one, other) => other.count - one.count)
    .map(({ count, node }) => [say(`${plural(count, 'retry', 'retries')} of `), name(node)]);
  for (const { count, node, to } of [...fallbacks.values()].sort((one, other) => other.count - one.count)) {
    clauses.push([say(`${plural(count, 'fallback')} of `), name(node), say(` to ${cut(to)}`)]);
  }
  if (clauses.length > MOST_NAMED) {
    const more = clauses.length - MOST_NAMED;
    clauses.splice(MOST_NAMED, more, [say(`${plural(more, 'more primitive')} that absorbed failures`)]);
  }
  if (failures > 0) clauses.push([say(`${plural(failures, 'span')} that failed`)]);
  return clauses.flatMap((clause, i) =>
    i === 0 ? clause : [say(i === clauses.length - 1 ? ' and ' : ', '), ...clause],
  );
}

function told(
  tone: Story['tone'],
  parts: readonly StoryPart[],
  culprit: TreeNode | null = null,
  path: readonly TreeNode[] = [],
): Story {
  return { tone, parts, text: parts.map(({ text }) => text).join(''), culprit, path };
}

const cut = (text: string) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
};
const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const listed = (names: readonly string[]) =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ');
