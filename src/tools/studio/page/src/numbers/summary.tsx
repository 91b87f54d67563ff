import type { NumbersAnswer, NumbersPanel } from '../../../api.ts';
import { Text } from '../parts/cells.tsx';
import { Amount } from './amount.tsx';
import { runsPath } from './answer.ts';

/** The numbers for the whole time, one tile for each. */
export function Summary({
  answer,
  panels,
}: {
  readonly answer: NumbersAnswer;
  readonly panels: readonly NumbersPanel[];
}) {
  return (
    <dl class="summary">
      {panels.map((panel) => (
        <div key={panel.id} class="tile">
          <dt title={panel.description}>{panel.title}</dt>
          <dd>
            {panel.series.length === 0 && <span class="soft">{panel.quiet > 0 ? 'none in this time' : 'no data'}</span>}
            <Tile {...{ answer, panel }} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Tile({ answer, panel }: { readonly answer: NumbersAnswer; readonly panel: NumbersPanel }) {
  return (
    <>
      {panel.series.map(({ name, total, colour, filter }) => {
        const amount = (
          <span class={`amount ${colour ?? ''}`}>
            <Amount unit={panel.unit} value={total} />
          </span>
        );
        return (
          <p key={name} class="measure">
            {filter === null || total === null ? (
              amount
            ) : (
              <a href={runsPath(filter, answer.fromMs, answer.toMs)} title="Show the runs">
                {amount}
              </a>
            )}
            {panel.series.length > 1 || !WHOLE.test(name) ? <Text of={name} length={40} /> : null}
          </p>
        );
      })}
    </>
  );
}

/** The names of numbers that the title says already. */
const WHOLE = /^(?:requests|executions|failed|p95|cost|hits|saved|lost)$/;
