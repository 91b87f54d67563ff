import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Sort } from '../../../model/filter.ts';
import type { RunSummary } from '../../../model/run.ts';
import { go, withParameters } from '../address.ts';
import { formatCount, zoneName } from '../format.ts';
import { useKeys } from '../parts/keys.ts';
import { useVirtual } from '../parts/virtual.ts';
import { followMedia } from '../theme.ts';
import { filter, hasMore, isStale, loadMore, shownQuery } from './run-list.ts';
import { RunRow, rowId } from './run-row.tsx';
import { active, pick, picked, scrolled } from './selection.ts';

/** As in the style sheet. */
const isNarrow = followMedia('(max-width: 700px)');
const WIDE = { row: 36, header: 34 };
const NARROW = { row: 88, header: 0 };
/** The next page is asked for when so few rows are left below. */
const AHEAD = 60;

export function RunsGrid({ runs }: { readonly runs: readonly RunSummary[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const size = isNarrow.value ? NARROW : WIDE;
  const at = useMemo(() => runs.findIndex(({ traceId }) => traceId === active.value), [runs, active.value]);
  const rows = useVirtual({
    count: runs.length,
    rowHeight: size.row,
    keyOf: (index) => runs[index]?.traceId ?? '',
    scroller,
    paddingTop: size.header,
    alsoDraw: at,
  });
  const items = rows.getVirtualItems();
  const unseen = useRowsThatStay(runs, scroller, size.row);

  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore.value && last >= runs.length - AHEAD) void loadMore();
  }, [last, runs, hasMore.value]);

  const open = (run: RunSummary | undefined) => {
    if (run === undefined) return false;
    active.value = run.traceId;
    go(`/run/${run.traceId}`);
    return true;
  };
  const move = (to: number) => {
    const index = Math.max(0, Math.min(runs.length - 1, to));
    const run = runs[index];
    if (run === undefined) return false;
    active.value = run.traceId;
    rows.scrollToIndex(index);
    scroller.current?.focus({ preventScroll: true });
    return true;
  };
  const page = () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - size.header) / size.row) - 1);
  useKeys([
    { keys: ['j', 'ArrowDown'], label: 'Next run', run: () => move(at + 1) },
    { keys: ['k', 'ArrowUp'], label: 'Previous run', run: () => move(at < 0 ? 0 : at - 1) },
    { keys: ['PageDown'], label: 'A page down', run: () => move(at + page()) },
    { keys: ['PageUp'], label: 'A page up', run: () => move(at - page()) },
    { keys: ['Home', 'g'], label: 'First run', run: () => move(0) },
    { keys: ['End', 'G'], label: 'Last run that is loaded', run: () => move(runs.length - 1) },
    { keys: ['Enter', 'o'], label: 'Open the run', run: () => open(runs[at]) },
    {
      keys: ['x'],
      label: 'Pick the run for a comparison',
      run() {
        if (active.value === null || at < 0) return false;
        pick(active.value);
        return true;
      },
    },
  ]);
  // Who comes back from a run goes on with the keys where he was.
  useEffect(() => {
    if (active.peek() !== null) scroller.current?.focus({ preventScroll: true });
  }, []);

  return (
    <div class="runs-frame">
      <div
        ref={scroller}
        role="grid"
        class="runs"
        tabIndex={0}
        aria-label="Runs"
        aria-busy={isStale.value}
        aria-rowcount={hasMore.value ? -1 : runs.length + 1}
        aria-activedescendant={at < 0 ? undefined : rowId(runs[at]?.traceId ?? '')}
      >
        {!isNarrow.value && <Header />}
        <div role="rowgroup" class="rows" style={{ height: `${rows.getTotalSize()}px` }}>
          {items.map(({ index, start }) => {
            const run = runs[index];
            return run === undefined ? null : (
              <RunRow
                key={run.traceId}
                run={run}
                index={index}
                top={start}
                isActive={index === at}
                isPicked={picked.value.includes(run.traceId)}
                onOpen={() => open(run)}
                onPick={() => pick(run.traceId)}
              />
            );
          })}
        </div>
      </div>
      {unseen.count.value > 0 && (
        <button type="button" class="pill" onClick={unseen.show}>
          ↑ {formatCount(unseen.count.value)} new
        </button>
      )}
    </div>
  );
}

/**
 * Keeps the rows that the reader looks at where they are while others come above them, and counts those. A list that comes
 * back is scrolled as it was.
 */
function useRowsThatStay(
  runs: readonly RunSummary[],
  scroller: { readonly current: HTMLElement | null },
  rowHeight: number,
) {
  const count = useSignal(0);
  const query = shownQuery.value;
  const seen = useRef({ query: '', runs, rowHeight });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    element.scrollTop = scrolled.get(query) ?? 0;
    count.value = 0;
    const remember = () => {
      scrolled.set(query, element.scrollTop);
      if (element.scrollTop < rowHeight) count.value = 0;
    };
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [scroller, query, rowHeight, count]);

  useLayoutEffect(() => {
    const { runs: before, rowHeight: height, query: from } = seen.current;
    seen.current = { query, runs, rowHeight };
    const element = scroller.current;
    if (element === null || from !== query || element.scrollTop < height) return;
    const row = element.scrollTop / height;
    const first = before[Math.floor(row)]?.traceId;
    const now = runs.findIndex(({ traceId }) => traceId === first);
    if (now < 0) return;
    const moved = now - Math.floor(row);
    if (moved > 0) count.value += moved;
    if (moved !== 0 || height !== rowHeight) element.scrollTop = (row + moved) * rowHeight;
  }, [runs, query, rowHeight]);

  return {
    count,
    show() {
      scroller.current?.scrollTo({ top: 0 });
    },
  };
}

const COLUMNS: readonly { readonly name: string; readonly title: string; readonly sort?: Sort }[] = [
  { name: 'what', title: 'Status' },
  { name: 'name', title: 'Run' },
  { name: 'service', title: 'Service' },
  { name: 'why', title: 'What failed, tags, models', sort: 'errors' },
  { name: 'spans', title: 'Spans' },
  { name: 'duration', title: 'Duration', sort: 'duration' },
  { name: 'tokens', title: 'Tokens', sort: 'tokens' },
  { name: 'dollars', title: 'Dollars', sort: 'dollars' },
  { name: 'when', title: 'Started', sort: 'newest' },
];

function Header() {
  const present = filter.value.sort ?? 'newest';
  return (
    <div role="rowgroup" class="head">
      <div role="row" class="row" aria-rowindex={1}>
        <div role="columnheader" class="pick">
          <span class="unseen">Compare</span>
        </div>
        {COLUMNS.map(({ name, title, sort }) => (
          <div
            role="columnheader"
            key={name}
            class={name}
            aria-sort={sort === undefined ? undefined : sort === present ? 'descending' : 'none'}
          >
            {sort === undefined ? (
              title
            ) : (
              <a href={withParameters({ sort: sort === 'newest' ? null : sort })}>
                {title}
                {name === 'when' && <span class="zone"> {zoneName()}</span>}
                {sort === present && <span aria-hidden="true"> ↓</span>}
              </a>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
