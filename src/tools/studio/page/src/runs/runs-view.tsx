import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunsAnswer } from '../../../api.ts';
import type { RunSummary } from '../../../model/run.ts';
import { parameters } from '../address.ts';
import { formatDollars, formatDuration, formatTime } from '../format.ts';
import { ask, live } from '../server.ts';

const runs = signal<readonly RunSummary[]>([]);

export function RunsView() {
  useEffect(
    () =>
      effect(() => {
        void live.value;
        void ask<RunsAnswer>(`/api/runs?${parameters.value}`).then((answer) => {
          runs.value = answer.runs;
        });
      }),
    [],
  );
  return (
    <table>
      <tbody>
        {runs.value.map((run) => (
          <tr key={run.traceId}>
            <td>
              <a href={`/run/${run.traceId}`}>{run.name}</a>
            </td>
            <td>{run.status}</td>
            <td>{formatTime(run.startUs)}</td>
            <td>{formatDuration(run.durationUs)}</td>
            <td>{formatDollars(run.nanodollars)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
