import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { NumbersAnswer, NumbersPanel } from '../../../api.ts';
import { go } from '../address.ts';
import { formatCount } from '../format.ts';
import { Text } from '../parts/cells.tsx';
import { isDark } from '../theme.ts';
import { Amount } from './amount.tsx';
import { runsPath } from './answer.ts';
import { type Chart, createChart } from './chart.ts';
import { colourOf } from './palette.ts';
import { formatMoment, formatTotal, totalHeading } from './values.ts';
import { goToRange } from './window.ts';

export interface PanelProps {
  readonly answer: NumbersAnswer;
  readonly panel: NumbersPanel;
}

/** A chart over time, with its legend, which says in words what the chart shows. */
export function Panel({ answer, panel }: PanelProps) {
  const id = `panel-${panel.id}`;
  return (
    <figure class="panel" aria-labelledby={id}>
      <figcaption>
        <h3 id={id}>{panel.title}</h3>
        <p class="soft described">{panel.description}</p>
      </figcaption>
      {/* Another chart for other lines or another theme: only values can be changed in one. */}
      <Drawing key={`${isDark.value} ${panel.series.map(({ name }) => name).join('\n')}`} {...{ answer, panel }} />
      <Legend {...{ answer, panel }} />
      <Values {...{ answer, panel }} />
    </figure>
  );
}

interface Pointed {
  readonly index: number;
  /** The line that the reader points at; `null`: none. */
  readonly series: number | null;
}

function Drawing({ answer, panel }: PanelProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | undefined>(undefined);
  const pointed = useSignal<Pointed | null>(null);
  const newest = useRef({ answer, panel });
  newest.current = { answer, panel };
  const dataOf = () => {
    const { fromMs, toMs, stepMs } = newest.current.answer;
    return { panel: newest.current.panel, fromMs, toMs, stepMs, isDark: isDark.peek() };
  };

  /** Shows the runs of one value. */
  const pick = ({ index, series }: Pointed) => {
    const { answer: at, panel: of } = newest.current;
    const filter = (of.series[series ?? largestAt(of, index)] ?? of.series[0])?.filter ?? null;
    if (filter === null) return;
    const endMs = at.fromMs + (index + 1) * at.stepMs;
    go(runsPath(filter, endMs - at.spanMs, endMs));
  };

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = createChart(element, dataOf(), {
      onPoint: (index, series) => {
        pointed.value = index === null ? null : { index, series };
      },
      onPick: (index, series) => pick({ index, series }),
      onRange: goToRange,
    });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize(element.clientWidth));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.remove();
    };
  }, []);
  useEffect(() => chart.current?.update(dataOf()), [answer]);

  const move = (event: KeyboardEvent) => {
    const length = panel.series[0]?.values.length ?? 0;
    const at = pointed.value;
    if (event.key === 'Enter' && at !== null) pick(at);
    else if (event.key === 'Escape' && at !== null) chart.current?.point(null);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const next = (at?.index ?? length) + (event.key === 'ArrowLeft' ? -1 : 1);
      chart.current?.point(Math.max(0, Math.min(length - 1, next)));
    } else if ((event.key === 'ArrowUp' || event.key === 'ArrowDown') && at !== null) {
      const next = (at.series ?? -1) + (event.key === 'ArrowDown' ? 1 : -1);
      pointed.value = { ...at, series: Math.max(0, Math.min(panel.series.length - 1, next)) };
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="drawing"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move over the values of a chart
      tabIndex={0}
      aria-label={`Chart of ${panel.title}. Left and right arrows move over it, up and down choose a line, Enter shows its runs.`}
      onKeyDown={move}
      onBlur={() => chart.current?.point(null)}
    >
      <div ref={box} aria-hidden="true" />
      <Tip {...{ answer, panel }} at={pointed.value} />
    </div>
  );
}

function largestAt(panel: NumbersPanel, index: number): number {
  const values = panel.series.map((series) => series.values[index] ?? Number.NEGATIVE_INFINITY);
  return values.indexOf(Math.max(...values));
}

/** The values at one time. */
function Tip({ answer, panel, at }: PanelProps & { readonly at: Pointed | null }) {
  if (at === null) return <output class="tip" hidden />;
  const endMs = answer.fromMs + (at.index + 1) * answer.stepMs;
  const isRight = at.index > (panel.series[0]?.values.length ?? 0) / 2;
  return (
    <output class={`tip ${isRight ? 'left' : 'right'}`}>
      <strong>{formatMoment(endMs)}</strong>
      {panel.series.map(({ name, colour, values }, index) => (
        <span key={name} class={at.series === index ? 'near' : ''}>
          <Swatch colour={colourOf(colour, index, isDark.value)} /> <Text of={name} length={60} />{' '}
          <Amount unit={panel.unit} value={values[at.index] ?? null} />
        </span>
      ))}
    </output>
  );
}

function Swatch({ colour }: { readonly colour: string }) {
  return <i class="chart-swatch" aria-hidden="true" style={{ background: colour }} />;
}

function Legend({ answer, panel }: PanelProps) {
  const { series, unit, leftOut, quiet } = panel;
  return (
    <>
      <table class="chart-legend">
        <caption class="unseen">{panel.title}: the last value, and that of the whole time</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Last</th>
            <th scope="col">{totalHeading(unit)}</th>
          </tr>
        </thead>
        <tbody>
          {series.map(({ name, colour, values, total, filter }, index) => (
            <tr key={name}>
              <th scope="row">
                <Swatch colour={colourOf(colour, index, isDark.value)} />{' '}
                {filter === null ? (
                  <Text of={name} length={80} />
                ) : (
                  <a href={runsPath(filter, answer.fromMs, answer.toMs)} title="Show the runs">
                    <Text of={name} length={80} />
                  </a>
                )}
              </th>
              <td>
                <Amount unit={unit} value={values.findLast((value) => value !== null) ?? null} />
              </td>
              <td>{total === null ? <Amount unit={unit} value={null} /> : formatTotal(unit, total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <More leftOut={leftOut} quiet={quiet} />
    </>
  );
}

/** What is not in a list. */
export function More({ leftOut, quiet }: { readonly leftOut: number; readonly quiet: number }) {
  const parts = [
    leftOut > 0 && `${formatCount(leftOut)} smaller ones are not shown.`,
    quiet > 0 && `In ${formatCount(quiet)} more nothing happened.`,
  ].filter(Boolean);
  return parts.length === 0 ? null : <p class="soft more">{parts.join(' ')}</p>;
}

/** All values, for who cannot see the chart or wants to copy them; drawn when they are asked for. */
function Values({ answer, panel }: PanelProps) {
  const isOpen = useSignal(false);
  const rows = isOpen.value ? (panel.series[0]?.values.map((_, index) => index) ?? []) : [];
  return (
    <details
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary class="soft">All values</summary>
      {isOpen.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll it
        <div class="values" tabIndex={0} role="region" aria-label={`All values of ${panel.title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Up to</th>
                {panel.series.map(({ name }) => (
                  <th scope="col" key={name}>
                    <Text of={name} length={40} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.toReversed().map((index) => (
                <tr key={index}>
                  <th scope="row">{formatMoment(answer.fromMs + (index + 1) * answer.stepMs)}</th>
                  {panel.series.map(({ name, values }) => (
                    <td key={name}>
                      <Amount unit={panel.unit} value={values[index] ?? null} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
