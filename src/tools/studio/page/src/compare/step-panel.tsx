/** One step of both runs: what differs, and the spans behind it. */
import type { CompareRow, Side } from '../../../model/compare.ts';
import type { ValueCount } from '../../../model/differences.ts';
import { factsOf } from '../../../model/facts.ts';
import type { RunSummary } from '../../../model/run.ts';
import { formatCount, formatDollars, formatDuration } from '../format.ts';
import { Text } from '../parts/cells.tsx';
import { PanelTop } from '../run/panel/panel-top.tsx';
import { LongText } from '../run/panel/value.tsx';

const MOST_SPANS = 10;

export interface StepPanelProps {
  readonly row: CompareRow;
  readonly left: RunSummary;
  readonly right: RunSummary;
  readonly onClose: () => void;
}

export function StepPanel({ row, left, right, onClose }: StepPanelProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <aside class="side" aria-label="Step" tabIndex={0}>
      <PanelTop group={row.group} label={row.label} type={row.type} onClose={onClose}>
        {row.change === 'added' && <p>Only the compared run has this step.</p>}
        {row.change === 'missing' && <p>Only the reference has this step.</p>}
        {row.differences.length > 0 && (
          <table class="table differences">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Reference</th>
                <th scope="col">Compared</th>
              </tr>
            </thead>
            <tbody>
              {row.differences.map(({ key, left: lefts, right: rights }) => (
                <tr key={key}>
                  <td>
                    <Text of={key} length={100} />
                  </td>
                  <td>
                    <Values values={lefts} />
                  </td>
                  <td>
                    <Values values={rights} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {row.left !== null && <SideSpans title="Reference" side={row.left} run={left} />}
        {row.right !== null && <SideSpans title="Compared" side={row.right} run={right} />}
      </PanelTop>
    </aside>
  );
}

function Values({ values }: { readonly values: readonly ValueCount[] }) {
  if (values.length === 0) return <span class="soft">none</span>;
  return (
    <>
      {values.map(({ value, count }) => (
        <div key={value}>
          <LongText text={value} shown={200} /> {count > 1 && <span class="soft">× {formatCount(count)}</span>}
        </div>
      ))}
    </>
  );
}

function SideSpans({ title, side, run }: { readonly title: string; readonly side: Side; readonly run: RunSummary }) {
  const { nodes, durationNs, nanodollars, inputTokens, outputTokens } = side;
  return (
    <>
      <h3>{title}</h3>
      <p class="soft">
        {formatDuration(durationNs / 1_000)}
        {inputTokens !== null && `, ${formatCount(inputTokens)} tokens in`}
        {outputTokens !== null && `, ${formatCount(outputTokens)} out`}
        {nanodollars !== null && `, ${formatDollars(nanodollars)}`}
      </p>
      <ul class="plain-list">
        {nodes.slice(0, MOST_SPANS).map(({ span }) => (
          <li key={span.spanId}>
            <a href={`/run/${run.traceId}?span=${span.spanId}`}>{formatDuration(span.durationNs / 1_000)}</a>{' '}
            {factsOf(span).outcome}
          </li>
        ))}
        {nodes.length > MOST_SPANS && <li class="soft">and {formatCount(nodes.length - MOST_SPANS)} more</li>}
      </ul>
    </>
  );
}
