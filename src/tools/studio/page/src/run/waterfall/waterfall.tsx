/** The spans of a run on a time axis, as a tree of which only the rows that are seen are drawn. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useVirtual } from '../../parts/virtual.ts';
import type { RunState } from '../run-state.ts';
import { Axis } from './axis.tsx';
import { useWaterfallKeys } from './keys.ts';
import { Legend } from './legend.tsx';
import { RowView, rowId } from './row-view.tsx';
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
  const window = state.zoom.value ?? { fromUs: tree.startUs, toUs: tree.endUs };
  const selected = state.selected.value;
  const place = selected === null ? -1 : (state.places.value.get(selected) ?? -1);
  const keyOf = (index: number) => rows[index]?.key ?? String(index);
  const virtual = useVirtual({ count: rows.length, rowHeight, keyOf, scroller, alsoDraw: place });
  useStill({ scroller, rows, places: state.places.value, rowHeight, selected });

  const scrolled = useRef(0);
  const scrolls = state.scrolls.value;
  useLayoutEffect(() => {
    // The row of a link may come later than the link.
    if (scrolled.current === scrolls || place === -1) return;
    scrolled.current = scrolls;
    virtual.scrollToIndex(place, { align: 'center' });
  });
  const isNear = (index: number) => virtual.scrollToIndex(index, { align: 'auto' });
  useWaterfallKeys({ state, scrollTo: isNear, pageRows: () => pageRows(scroller.current, rowHeight) });

  return (
    <div class="waterfall">
      <Axis window={window} startUs={tree.startUs} />
      <div
        ref={scroller}
        class="span-rows"
        role="tree"
        aria-label="Spans of the run"
        tabIndex={0}
        aria-activedescendant={place >= 0 ? rowId(place) : undefined}
      >
        <div class="span-rows-space" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <RowView
                key={row.key}
                row={row}
                index={index}
                top={start}
                height={rowHeight}
                isSelected={row.key === selected}
                isRunning={isRunning}
                window={window}
                state={state}
              />
            );
          })}
        </div>
      </div>
      <Legend />
    </div>
  );
}

function pageRows(scroller: HTMLElement | null, rowHeight: number): number {
  return Math.max(1, Math.floor((scroller?.clientHeight ?? 0) / rowHeight) - 1);
}
