/** The model calls and tools of a run in their order, as a reader of a conversation follows them. */
import { useComputed, useSignal } from '@preact/signals';
import { factsOf, type SpanFacts } from '../../../../model/facts.ts';
import { endUs } from '../../../../model/span.ts';
import { isCountedCall, nodesInOrder } from '../../../../model/totals.ts';
import { byStart, type RunTree, type TreeNode } from '../../../../model/tree.ts';
import { formatCount, formatDollars, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { show } from '../../show.ts';
import { ErrorBox } from '../panel/error-box.tsx';
import { Captured, Messages, NotCaptured } from '../panel/messages.tsx';
import type { RunState } from '../run-state.ts';

/** So many are drawn at first, and more with each press. */
const STEP = 100;

/** Model calls and tools, by start. A call that another instrumentation saw too is there once. */
export function turnsOf(tree: RunTree): readonly TreeNode[] {
  return [...nodesInOrder(tree)]
    .filter((node) => factsOf(node.span).group === 'tool' || isCountedCall(node))
    .sort(byStart);
}

export function ConversationView({ state }: { readonly state: RunState }) {
  const turns = useComputed(() => turnsOf(state.tree.value));
  const shown = useSignal(STEP);
  const captured = useComputed(() => turns.value.filter(({ span }) => factsOf(span).conversation !== null).length);
  const calls = turns.value.filter(({ span }) => factsOf(span).isModelCall).length;
  const left = turns.value.length - shown.value;
  return (
    <div class="conversation">
      {captured.value === 0 ? <NotCaptured /> : <Captured />}
      <p class="soft">
        {formatCount(calls)} model calls and {formatCount(turns.value.length - calls)} tools, in the order of their
        starts
      </p>
      <ol>
        {turns.value.slice(0, shown.value).map((node) => (
          <Turn key={node.span.spanId} node={node} state={state} />
        ))}
      </ol>
      {left > 0 && (
        <button
          type="button"
          onClick={() => {
            shown.value += STEP;
          }}
        >
          Show {formatCount(Math.min(STEP, left))} of {formatCount(left)} more
        </button>
      )}
    </div>
  );
}

function Turn({ node, state }: { readonly node: TreeNode; readonly state: RunState }) {
  const { span } = node;
  const facts = factsOf(span);
  const isSelected = state.selected.value === span.spanId;
  return (
    <li class={`turn group-${facts.group}`} aria-current={isSelected ? 'true' : undefined}>
      <div class="turn-top">
        <span class="kind" />
        <button type="button" class="link" onClick={() => state.select(span.spanId)}>
          <Text of={facts.label} />
        </button>
        <span class="soft">
          <Text of={facts.type} length={60} />
        </span>
        <span class="soft">
          {formatDuration(endUs(span) - span.startUs)}
          {numbersOf(facts)}
        </span>
        {facts.conversation !== null && <span class="badge badge-warn">captured</span>}
      </div>
      {facts.error !== null && <ErrorBox error={facts.error} />}
      {facts.conversation !== null && <Messages conversation={facts.conversation} isMarked />}
    </li>
  );
}

function numbersOf({ model, label, tokens, nanodollars }: SpanFacts): string {
  return [
    ...(model === null || model === label ? [] : [show(model)]),
    ...(tokens.input === null ? [] : [`${formatCount(tokens.input)} tokens in`]),
    ...(tokens.output === null ? [] : [`${formatCount(tokens.output)} out`]),
    ...(nanodollars === null ? [] : [formatDollars(nanodollars)]),
  ]
    .map((part) => `, ${part}`)
    .join('');
}
