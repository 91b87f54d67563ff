/** The spans of a run on a time axis, as a tree of which only the rows that are seen are drawn. */
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatDuration } from '../../format.ts';
import { useVirtual } from '../../parts/virtual.ts';
import type { RunState } from '../run-state.ts';
import { AXIS_HEIGHT, Axis } from './axis.tsx';
import { useWaterfallKeys } from './keys.ts';
import { Legend } from './legend.tsx';
import { RowView, type RowViewProps, rowId } from './row-view.tsx';
import { useStill } from './still.ts';

export interface WaterfallProps {
  readonly state: RunState;
  readonly isRunning: boolean;
  readonly rowHeight: number;
}

export function Waterfall({ state, isRunning, rowHeight }: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { rows } = state.folded.value;
  const tree = state.tree.value;
  const zoom = state.zoom.value;
  const window = useMemo(() => zoom ?? { fromUs: tree.startUs, toUs: tree.endUs }, [zoom, tree]);
  const selected = state.selected.value;
  const place = selected === null ? -1 : (state.places.value.get(selected) ?? -1);
  const keyOf = (index: number) => rows[index]?.key ?? String(index);
  const virtual = useVirtual({
    count: rows.length,
    rowHeight,
    keyOf,
    scroller,
    paddingTop: AXIS_HEIGHT,
    alsoDraw: place,
  });
  useStill({ scroller, rows, places: state.places.value, rowHeight, selected });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    element.scrollTop = state.scrolled.scrollTop;
    const remember = () => {
      state.scrolled.scrollTop = element.scrollTop;
    };
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [state]);
  const scrolled = useRef(0);
  const scrolls = state.scrolls.value;
  useLayoutEffect(() => {
    // The row of a link may come later than the link.
    if (scrolled.current === scrolls || place === -1) return;
    scrolled.current = scrolls;
    virtual.scrollToIndex(place, { align: 'center' });
  });
  const draw = useDrawnOnce();
  const isNear = (index: number) => virtual.scrollToIndex(index, { align: 'auto' });
  useWaterfallKeys({ state, scrollTo: isNear, pageRows: () => pageRows(scroller.current, rowHeight) });

  return (
    <div class="waterfall">
      {zoom !== null && (
        <p class="zoomed">
          Zoomed to {formatDuration(window.toUs - window.fromUs)}{' '}
          <button type="button" onClick={() => state.zoomTo(null)} title="Back (z)">
            Whole run
          </button>
        </p>
      )}
      <div
        ref={scroller}
        class="span-rows"
        role="tree"
        aria-label="Spans of the run"
        tabIndex={0}
        aria-activedescendant={place >= 0 ? rowId(place) : undefined}
      >
        <Axis window={window} startUs={tree.startUs} />
        <div class="span-rows-space" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const isSelected = row.key === selected;
            return draw({ row, index, top: start, height: rowHeight, isSelected, isRunning, window, state });
          })}
        </div>
      </div>
      <Legend />
    </div>
  );
}

/** Draws a row, unless it is drawn as it was: while one scrolls, only the rows that come into sight are new. */
function useDrawnOnce(): (props: RowViewProps) => VNode {
  const kept = useRef(new Map<string, { readonly props: RowViewProps; readonly drawn: VNode }>());
  return (props) => {
    const { key } = props.row;
    const before = kept.current.get(key);
    if (before !== undefined && isSame(before.props, props)) return before.drawn;
    if (kept.current.size > MOST_KEPT) kept.current.clear();
    const drawn = <RowView key={key} {...props} />;
    kept.current.set(key, { props, drawn });
    return drawn;
  };
}

const MOST_KEPT = 500;
const isSame = (one: RowViewProps, other: RowViewProps) =>
  (Object.keys(one) as (keyof RowViewProps)[]).every((name) => one[name] === other[name]);

function pageRows(scroller: HTMLElement | null, rowHeight: number): number {
  return Math.max(1, Math.floor((scroller?.clientHeight ?? 0) / rowHeight) - 1);
}
