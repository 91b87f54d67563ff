/** Keeps what a reader looks at where it is, while rows come before it. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Row } from '../../../../model/fold.ts';

export interface StillOptions {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly rows: readonly Row[];
  readonly places: ReadonlyMap<string, number>;
  readonly rowHeight: number;
  readonly selected: string | null;
}

export function useStill({ scroller, rows, places, rowHeight, selected }: StillOptions): void {
  const before = useRef<readonly Row[]>(rows);
  useLayoutEffect(() => {
    const [element, old] = [scroller.current, before.current];
    before.current = rows;
    if (element === null || old === rows) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const last = first + Math.ceil(element.clientHeight / rowHeight);
    // The selected row where it is seen, else the first row that is seen and still there. Who is at the top stays there.
    const seen = old.slice(first, last).filter(({ key }) => places.has(key));
    const anchor = seen.find(({ key }) => key === selected) ?? (element.scrollTop === 0 ? undefined : seen[0]);
    const moved = anchor === undefined ? 0 : (places.get(anchor.key) ?? 0) - old.indexOf(anchor);
    if (moved !== 0) element.scrollTop += moved * rowHeight;
  }, [rows]);
}
