/** What can be done with a run: compare it, and copy it for an issue or a model. */
import { useSignal } from '@preact/signals';
import type { ReferenceAnswer } from '../../../api.ts';
import { receivedSpan } from '../../../model/clocks.ts';
import { toOtlp } from '../../../model/otlp.ts';
import type { RunSummary } from '../../../model/run.ts';
import { runAsText, spanAsText } from '../../../model/text.ts';
import { go } from '../address.ts';
import { Copy, copied } from '../parts/copy.tsx';
import { useKeys } from '../parts/keys.ts';
import { ask } from '../server.ts';
import { show } from '../show.ts';
import type { RunState } from './run-state.ts';

export interface RunActionsProps {
  readonly run: RunSummary;
  readonly state: RunState;
}

export function RunActions({ run, state }: RunActionsProps) {
  const said = useSignal('');
  const compare = async () => {
    const answer = await ask<ReferenceAnswer>(`/api/runs/${encodeURIComponent(run.traceId)}/reference`).catch(() => {});
    if (answer?.run) go(`/compare/${answer.run.traceId}/${run.traceId}`);
    else if (answer === undefined) said.value = 'Studio did not answer';
    else if (run.workflow === null) said.value = 'This run has no workflow to compare by';
    else said.value = `No other run of ${show(run.workflow)} that worked is kept`;
  };
  const asText = () => runAsText(run, state.tree.peek());
  const asJson = () => {
    const spans = [...state.tree.peek().nodes.values()].filter(({ isMissing }) => !isMissing);
    return JSON.stringify(toOtlp(spans.map(receivedSpan)), null, 2);
  };
  const copySelected = async () => {
    const node = state.tree.peek().nodes.get(state.selected.peek() ?? '');
    said.value = await copied(() => (node === undefined ? asText() : spanAsText(node)));
  };
  useKeys([
    { keys: ['c'], label: 'Compare with the newest run that worked', run: () => void compare() },
    { keys: ['y'], label: 'Copy the selected span, or the run, as text', run: () => void copySelected() },
  ]);
  return (
    <>
      <span class="soft" role="status">
        {said.value}
      </span>
      <button type="button" onClick={compare} title="c">
        Compare with the last that worked
      </button>
      <Copy text={asText} label="Copy as text" />
      <Copy text={asJson} label="Copy as JSON" />
    </>
  );
}
