import type { NumbersAnswer, NumbersPanel, NumbersTable } from '../../../api.ts';
import { Text } from '../parts/cells.tsx';
import { isDark } from '../theme.ts';
import { Amount } from './amount.tsx';
import { runsPath } from './answer.ts';
import { colourOf } from './palette.ts';
import { More } from './panel.tsx';
import { formatValue } from './values.ts';

/** One line for each workflow, model or primitive. */
export function Table({ answer, table }: { readonly answer: NumbersAnswer; readonly table: NumbersTable }) {
  const id = `table-${table.id}`;
  return (
    <section class="panel wide" aria-labelledby={id}>
      <h3 id={id}>{table.title}</h3>
      <p class="soft described">{table.description}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it can be wider than the page, and keys scroll it */}
      <div class="scroll" tabIndex={0} role="region" aria-label={`${table.title}, as a table`}>
        <table class="each">
          <thead>
            <tr>
              <th scope="col">{table.of}</th>
              {table.columns.map(({ name }) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map(({ name, cells, filter }) => (
              <tr key={name}>
                <th scope="row">
                  {filter === null ? (
                    <Text of={name} length={80} />
                  ) : (
                    <a href={runsPath(filter, answer.fromMs, answer.toMs)} title="Show the runs">
                      <Text of={name} length={80} />
                    </a>
                  )}
                </th>
                {table.columns.map(({ name: column, unit }, index) => (
                  <td key={column}>
                    <Amount unit={unit} value={cells[index] ?? null} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More {...table} />
    </section>
  );
}

/** One bar for each series, the largest first. */
export function Bars({ answer, panel }: { readonly answer: NumbersAnswer; readonly panel: NumbersPanel }) {
  const id = `panel-${panel.id}`;
  const series = panel.series.map((each, index) => ({ ...each, index }));
  const most = Math.max(...series.map(({ total }) => total ?? 0));
  return (
    <section class="panel" aria-labelledby={id}>
      <h3 id={id}>{panel.title}</h3>
      <p class="soft described">{panel.description}</p>
      <ul class="totals">
        {series
          .sort((one, other) => (other.total ?? 0) - (one.total ?? 0))
          .map(({ name, total, colour, filter, index }) => (
            <li key={name}>
              {filter === null ? (
                <Text of={name} length={80} />
              ) : (
                <a href={runsPath(filter, answer.fromMs, answer.toMs)} title="Show the runs">
                  <Text of={name} length={80} />
                </a>
              )}
              <span class="total">{total === null ? 'unknown' : formatValue(panel.unit, total)}</span>
              <i
                class="length"
                aria-hidden="true"
                style={{
                  width: `${most > 0 ? (100 * (total ?? 0)) / most : 0}%`,
                  background: colourOf(colour, index, isDark.value),
                }}
              />
            </li>
          ))}
      </ul>
      <More {...panel} />
    </section>
  );
}
