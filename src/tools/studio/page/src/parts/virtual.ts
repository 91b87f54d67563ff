/** Draws only the rows that are seen, by `@tanstack/virtual-core`. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualOptions {
  readonly count: number;
  /** The height of a row, in pixels. */
  readonly rowHeight: number;
  /** Stays with a row when rows are added before it. */
  readonly keyOf: (index: number) => string;
  readonly scroller: RefObject<HTMLElement | null>;
  /** The height of what covers the top of the scroller, such as its header, in pixels. @default 0 */
  readonly paddingTop?: number;
  /** A row that is drawn even when it is not seen, because it has the focus. */
  readonly alsoDraw?: number;
}

export type Rows = Virtualizer<HTMLElement, HTMLElement>;

export function useVirtual(options: VirtualOptions): Rows {
  const { count, rowHeight, keyOf, scroller, paddingTop = 0, alsoDraw = -1 } = options;
  const [, draw] = useReducer<number, void>((times) => times + 1, 0);
  const kept = useRef<Rows | undefined>(undefined);
  const settings = {
    count,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    getScrollElement: () => scroller.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    scrollPaddingStart: paddingTop,
    overscan: 12,
    rangeExtractor: ({
      startIndex,
      endIndex,
      overscan,
    }: {
      startIndex: number;
      endIndex: number;
      overscan: number;
    }) => {
      const [first, last] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)];
      const range = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
      if (alsoDraw >= 0 && alsoDraw < first) range.unshift(alsoDraw);
      if (alsoDraw > last && alsoDraw < count) range.push(alsoDraw);
      return range;
    },
    onChange: () => draw(),
  };
  kept.current ??= new Virtualizer(settings);
  const rows = kept.current;
  rows.setOptions(settings);
  useLayoutEffect(() => rows._didMount(), [rows]);
  // Each time it is drawn: the scroller can be another element.
  useLayoutEffect(() => rows._willUpdate());
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);
  return rows;
}
