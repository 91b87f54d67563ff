/** The steps of both runs as one table. Only the rows that are seen are drawn. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { CompareRow } from '../../../model/compare.ts';
import { formatCount, formatDollars, formatDuration } from '../format.ts';
import { Nothing, Text } from '../parts/cells.tsx';
import { useKeys } from '../parts/keys.ts';
import { useVirtual } from '../parts/virtual.ts';
import { deltaNanodollars, deltaUs, signed } from './deltas.ts';

const ROW_HEIGHT = 30;
const MOST_INDENTED = 14;
const SIGNS = { same: '', added: '+ added', missing: '− missing', changed: '≠ differs' } as const;

export interface StepsProps {
  readonly rows: readonly CompareRow[];
  readonly selected: string | null;
  readonly onSelect: (row: CompareRow) => void;
}

export function Steps({ rows, selected, onSelect }: StepsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = rows.findIndex(({ key }) => key === selected);
  const virtual = useVirtual({
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    keyOf: (index) => rows[index]?.key ?? String(index),
    scroller,
    paddingTop: ROW_HEIGHT,
    alsoDraw: place,
  });
  const most = rows.reduce((max, { left, right }) => Math.max(max, Math.abs(deltaUs(left, right))), 1);
  const step = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row === undefined) return;
    onSelect(row);
    virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
  };
  useKeys([
    { keys: ['j', 'ArrowDown'], label: 'Next step', run: () => step(place + 1) },
    { keys: ['k', 'ArrowUp'], label: 'Step before', run: () => step(place - 1) },
  ]);
  return (
    <div
      ref={scroller}
      class="steps"
      role="treegrid"
      aria-label="Steps of both runs"
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      aria-activedescendant={place >= 0 ? `step-${place}` : undefined}
    >
      <div class="step step-head" role="row" aria-rowindex={1}>
        <Heading>Step</Heading>
        <Heading>Difference</Heading>
        <Heading>Spans</Heading>
        <Heading>Time</Heading>
        <Heading>Time apart</Heading>
        <Heading>Dollars</Heading>
      </div>
      <div class="steps-space" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const isSelected = row.key === selected;
          return (
            <div
              key={row.key}
              id={`step-${index}`}
              class={`step step-${row.change} group-${row.group}`}
              role="row"
              aria-rowindex={index + 2}
              aria-level={row.level + 1}
              aria-selected={isSelected}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => onSelect(row)}
            >
              <StepCells row={row} most={most} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Heading({ children }: { readonly children: string }) {
  return <span role="columnheader">{children}</span>;
}

function StepCells({ row, most }: { readonly row: CompareRow; readonly most: number }) {
  const { left, right, level, label, type, change, differences } = row;
  const us = deltaUs(left, right);
  const keys = differences.map(({ key }) => key).join(', ');
  return (
    <>
      <span class="step-name" role="gridcell" style={{ paddingLeft: `${Math.min(level, MOST_INDENTED) * 12 + 8}px` }}>
        <span class="kind" />{' '}
        <span class={(right?.failed ?? 0) > 0 ? 'bad' : undefined}>
          <Text of={label} length={100} />
        </span>{' '}
        <span class="soft">{type !== label && <Text of={type} length={40} />}</span>
      </span>
      <Cell>
        <span class="step-sign">{SIGNS[change]}</span>{' '}
        <span class="soft">{keys !== '' && <Text of={keys} length={80} />}</span>
      </Cell>
      <Cell>
        {left !== null && right !== null && left.nodes.length === right.nodes.length
          ? formatCount(left.nodes.length)
          : `${count(left)} → ${count(right)}`}
      </Cell>
      <Cell>
        {left === null ? <Nothing /> : formatDuration(left.durationNs / 1_000)} →{' '}
        {right === null ? <Nothing /> : formatDuration(right.durationNs / 1_000)}
      </Cell>
      <Cell>
        <span class="apart">
          <i
            class={us > 0 ? 'slower' : 'faster'}
            style={{ [us > 0 ? 'left' : 'right']: '50%', width: `${(Math.abs(us) / most) * 50}%` }}
          />
        </span>
        <span class="apart-text">{signed(us, formatDuration)}</span>
      </Cell>
      <Cell>
        <DollarsApart row={row} />
      </Cell>
    </>
  );
}

function Cell({ children }: { readonly children: ComponentChildren }) {
  return <span role="gridcell">{children}</span>;
}

function DollarsApart({ row: { left, right } }: { readonly row: CompareRow }) {
  const apart = deltaNanodollars(left, right);
  if (left?.nanodollars == null && right?.nanodollars == null) return <Nothing />;
  return (
    <>
      {dollars(left?.nanodollars)} → {dollars(right?.nanodollars)}{' '}
      {apart !== null && apart !== 0 && <span class="soft">{signed(apart, formatDollars)}</span>}
    </>
  );
}

const dollars = (nanodollars: number | null | undefined) => (nanodollars == null ? '–' : formatDollars(nanodollars));
const count = (side: CompareRow['left']) => formatCount(side?.nodes.length ?? 0);
