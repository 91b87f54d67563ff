import { useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { type CompareRow, compare } from '../../../model/compare.ts';
import { storyOf } from '../../../model/story.ts';
import { treeOf } from '../../../model/tree.ts';
import { go } from '../address.ts';
import { formatCount } from '../format.ts';
import { useKeys } from '../parts/keys.ts';
import type { OpenRun } from '../run/open-run.ts';
import { RunCard } from './run-card.tsx';
import { StepPanel } from './step-panel.tsx';
import { Steps } from './steps.tsx';
import { Verdict } from './verdict.tsx';

export interface ComparedRunsProps {
  readonly left: OpenRun;
  readonly right: OpenRun;
}

export function ComparedRuns({ left, right }: ComparedRunsProps) {
  const trees = useMemo(() => {
    return { left, right };
  }, [left, right]);
  const leftTree = useComputed(() => treeOf(trees.left.spans.value));
  const rightTree = useComputed(() => treeOf(trees.right.spans.value));
  const comparison = useMemo(
    () => compare(leftTree.value, rightTree.value),
    [left.spans.value, right.spans.value, leftTree, rightTree],
  );
  const story = useMemo(() => storyOf(rightTree.value), [right.spans.value, rightTree]);
  const showsAll = useSignal(false);
  const selected = useSignal<string | null>(null);
  const differs = comparison.rows.some(({ hasChange }) => hasChange);
  const rows = showsAll.value || !differs ? comparison.rows : comparison.rows.filter(({ hasChange }) => hasChange);
  const row = comparison.rows.find(({ key }) => key === selected.value);
  const select = (wanted: CompareRow | null) => {
    selected.value = wanted?.key ?? null;
  };
  const swap = () => go(`/compare/${right.traceId}/${left.traceId}`, { replace: true });
  useKeys([
    { keys: ['x'], label: 'Exchange the runs', run: swap },
    {
      keys: ['a'],
      label: 'All steps, or those that differ',
      run: () => {
        showsAll.value = !showsAll.value;
      },
    },
    {
      keys: ['Escape'],
      label: 'Close the details; then back to the run',
      run: () => (row === undefined ? go(`/run/${right.traceId}`) : select(null)),
    },
  ]);
  const [one, other] = [left.run.value, right.run.value];
  if (one === undefined || other === undefined) return null;
  return (
    <div class="compare">
      <h1 class="unseen">Comparison of two runs</h1>
      <div class="cards">
        <RunCard title="Reference" run={one} other={other} isLeft />
        <button type="button" class="swap" onClick={swap} title="Exchange the runs (x)" aria-label="Exchange the runs">
          ⇄
        </button>
        <RunCard title="Compared" run={other} other={one} isLeft={false} />
      </div>
      <Verdict comparison={comparison} left={one} right={other} story={story} onSelect={select} />
      <div class="compare-tools">
        <label>
          <input
            type="checkbox"
            checked={showsAll.value}
            onChange={(event) => {
              showsAll.value = event.currentTarget.checked;
            }}
          />{' '}
          Show also the steps that are the same ({formatCount(comparison.rows.filter((each) => !each.hasChange).length)}
          )
        </label>
      </div>
      <div class={row === undefined ? 'compare-body' : 'compare-body with-side'}>
        <Steps rows={rows} selected={selected.value} onSelect={select} />
        {row !== undefined && <StepPanel row={row} left={one} right={other} onClose={() => select(null)} />}
      </div>
    </div>
  );
}
