/** What differs, in a few sentences: how the runs ended, which steps, how much time and how many dollars. */
import type { CompareRow, Comparison } from '../../../model/compare.ts';
import type { RunSummary } from '../../../model/run.ts';
import type { Story } from '../../../model/story.ts';
import { formatCount, formatDollars, formatDuration } from '../format.ts';
import { Text } from '../parts/cells.tsx';
import { deltaUs, signed } from './deltas.ts';

export interface VerdictProps {
  readonly comparison: Comparison;
  readonly left: RunSummary;
  readonly right: RunSummary;
  /** Of the right run. */
  readonly story: Story;
  readonly onSelect: (row: CompareRow) => void;
}

export function Verdict({ comparison, left, right, story, onSelect }: VerdictProps) {
  const { rows, added, missing, changed } = comparison;
  const first = firstDifference(rows);
  const slower = mostApart(rows);
  return (
    <div class={`story story-${story.tone}`}>
      <div>
        {story.culprit !== null && (
          <p>
            <Text of={story.text} length={2_000} />
          </p>
        )}
        <p>
          {left.status === right.status ? `Both: ${left.status}. ` : `${left.status} became ${right.status}. `}
          {added + missing + changed === 0
            ? 'The steps and their attributes are the same. '
            : `${steps(added, 'was', 'were')} added, ${formatCount(missing)} missing, ${formatCount(changed)} different. `}
          Time {signed(right.durationUs - left.durationUs, formatDuration)}, dollars {dollarsApart(left, right)}.
        </p>
        {first !== undefined && (
          <p>
            The first difference is{' '}
            <button type="button" class="link" onClick={() => onSelect(first)}>
              <Text of={first.label} length={80} />
            </button>
            {sayOf(first)}.
          </p>
        )}
        {slower !== undefined && (
          <p>
            Most time apart:{' '}
            <button type="button" class="link" onClick={() => onSelect(slower)}>
              <Text of={slower.label} length={80} />
            </button>
            , {signed(deltaUs(slower.left, slower.right), formatDuration)}.
          </p>
        )}
      </div>
    </div>
  );
}

const steps = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? `step ${one}` : `steps ${many}`}`;

function dollarsApart(left: RunSummary, right: RunSummary): string {
  if (left.modelCalls === 0 && right.modelCalls === 0) return 'none';
  if ([left, right].some(({ modelCalls, nanodollars }) => modelCalls > 0 && nanodollars === null)) return 'unknown';
  if (left.unpricedCalls > 0 || right.unpricedCalls > 0) {
    const known = signed((right.nanodollars ?? 0) - (left.nanodollars ?? 0), formatDollars);
    return `${known} as far as they are known`;
  }
  return signed((right.nanodollars ?? 0) - (left.nanodollars ?? 0), formatDollars);
}

/** The first one that tells most: what fails in one run only, else what is there in one run only, else any. */
function firstDifference(rows: readonly CompareRow[]): CompareRow | undefined {
  const failsInOne = ({ left, right }: CompareRow) => ((left?.failed ?? 0) === 0) !== ((right?.failed ?? 0) === 0);
  // The innermost of what failed because of one another.
  const failing = rows.filter(failsInOne);
  const deepest = failing.find((row) => !failing.some(({ parentKey }) => parentKey === row.key));
  return (
    deepest ??
    rows.find(({ change }) => change === 'added' || change === 'missing') ??
    rows.find(({ change }) => change === 'changed')
  );
}

function sayOf({ change, left, right, differences }: CompareRow): string {
  const failed = (right?.failed ?? 0) - (left?.failed ?? 0);
  if (change === 'added') return failed > 0 ? ', which was added, and failed' : ', which was added';
  if (change === 'missing') return ', which is missing';
  if ((left?.failed ?? 0) === 0 && failed > 0) return ', which failed';
  if ((right?.failed ?? 0) === 0 && failed < 0) return ', which failed only in the reference';
  const [first] = differences;
  return first === undefined ? ', which ran more or less often' : `: ${first.key}`;
}

/** The step that has most of the time apart by itself: of steps within one another the innermost. */
function mostApart(rows: readonly CompareRow[]): CompareRow | undefined {
  const below = new Map<string, number>();
  for (const { parentKey, left, right } of rows) {
    if (parentKey !== null) below.set(parentKey, (below.get(parentKey) ?? 0) + deltaUs(left, right));
  }
  let most: CompareRow | undefined;
  let mostUs = 0;
  for (const row of rows) {
    const all = deltaUs(row.left, row.right);
    const own = all - (below.get(row.key) ?? 0);
    // What is below it may have run at the same time: then the rest has the other sign, and tells nothing.
    if (Math.sign(own) !== Math.sign(all) || Math.abs(own) <= mostUs) continue;
    most = row;
    mostUs = Math.abs(own);
  }
  return most;
}
