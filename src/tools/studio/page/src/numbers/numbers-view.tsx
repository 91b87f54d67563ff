import 'uplot/dist/uPlot.min.css';
import './numbers.css';
import { useEffect } from 'preact/hooks';
import type { NumbersAnswer, NumbersPanel, NumbersTable } from '../../../api.ts';
import { go } from '../address.ts';
import { zoneName } from '../format.ts';
import { useKeys } from '../parts/keys.ts';
import { about } from '../server.ts';
import { answer, followNumbers, refusal } from './answer.ts';
import { Panel } from './panel.tsx';
import { Summary } from './summary.tsx';
import { Bars, Table } from './tables.tsx';
import { Targets } from './targets.tsx';
import { formatSpan } from './values.ts';
import { goToRange, pathOfWindow, shown, WINDOWS } from './window.ts';

export function NumbersView() {
  useEffect(followNumbers, []);
  const given = answer.value;
  const isEmpty = given !== undefined && given.keptFromMs === null;
  return (
    <div class="numbers">
      <h1 class="unseen">Numbers</h1>
      <Times answer={given} />
      {refusal.value !== '' && <p class="problem">{refusal.value}</p>}
      {given !== undefined && (isEmpty || given.targets.some(({ problem }) => problem !== '')) && (
        <section class={isEmpty ? 'empty' : 'troubles'} aria-labelledby="targets-title">
          <h2 id="targets-title">{isEmpty ? 'There are no numbers yet' : 'An endpoint cannot be read'}</h2>
          <Targets targets={isEmpty ? given.targets : given.targets.filter(({ problem }) => problem !== '')} />
        </section>
      )}
      {about.value?.receiver.sampled && (
        <p class="soft">
          Only a share of the traces is sent: the runs behind a number can be missing. The numbers do not depend on it.
        </p>
      )}
      {given !== undefined && !isEmpty && <Rows answer={given} />}
    </div>
  );
}

function Rows({ answer: given }: { readonly answer: NumbersAnswer }) {
  const names = [...new Set(given.panels.map(({ row }) => row))];
  const rows = names.map((name) => [name, given.panels.filter(({ row }) => row === name)] as const);
  return (
    <>
      {rows.map(([row, panels], index) => (
        <section key={row} aria-labelledby={`row-${index}`}>
          <h2 id={`row-${index}`}>{row}</h2>
          {index === 0 ? (
            <Summary answer={given} panels={panels} />
          ) : (
            <Row answer={given} panels={panels} tables={given.tables.filter((table) => table.row === row)} />
          )}
        </section>
      ))}
    </>
  );
}

interface RowProps {
  readonly answer: NumbersAnswer;
  readonly panels: readonly NumbersPanel[];
  readonly tables: readonly NumbersTable[];
}

function Row({ answer: given, panels, tables }: RowProps) {
  const idle = panels.filter(({ series }) => series.length === 0);
  return (
    <>
      <div class="grid">
        {tables
          .filter(({ rows }) => rows.length > 0)
          .map((table) => (
            <Table key={table.id} answer={given} table={table} />
          ))}
        {panels
          .filter(({ series }) => series.length > 0)
          .map((panel) =>
            panel.shape === 'bars' ? (
              <Bars key={panel.id} answer={given} panel={panel} />
            ) : (
              <Panel key={panel.id} answer={given} panel={panel} />
            ),
          )}
      </div>
      {idle.length > 0 && <p class="soft">Nothing in this time: {idle.map(({ title }) => title).join('; ')}.</p>}
    </>
  );
}

/** Chooses the time that is shown. */
function Times({ answer: given }: { readonly answer: NumbersAnswer | undefined }) {
  const time = shown.value;
  const zoomOut = () => {
    if (given === undefined) return false;
    const half = (given.toMs - given.fromMs) / 2;
    return goToRange(given.fromMs - half, given.toMs + half);
  };
  useKeys([
    { keys: ['1', '2', '3', '4', '5', '6', '7', '8'], label: 'Show 1 minute … all that is kept', run: chooseByKey },
    { keys: ['-'], label: 'Show twice the time', run: zoomOut },
  ]);
  return (
    <nav class="windows" aria-label="Time">
      <ul>
        {WINDOWS.map(({ name, label }) => (
          <li key={name}>
            <a
              href={pathOfWindow(name)}
              aria-label={name === 'all' ? label : `${name}: the last ${label}`}
              aria-current={time.kind === 'window' && time.name === name ? 'true' : undefined}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
      {given !== undefined && (
        <span class="soft">
          {formatSpan(given.fromMs, given.toMs)} {zoneName()}
        </span>
      )}
      <button type="button" class="plain" onClick={zoomOut} title="Show twice the time (-)">
        Zoom out
      </button>
    </nav>
  );
}

function chooseByKey({ key }: KeyboardEvent): boolean {
  const chosen = WINDOWS[Number(key) - 1];
  if (chosen !== undefined) go(pathOfWindow(chosen.name));
  return chosen !== undefined;
}
