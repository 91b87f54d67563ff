import './runs.css';
import { effect, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ReferenceAnswer } from '../../../api.ts';
import { go, parameters } from '../address.ts';
import { useKeys } from '../parts/keys.ts';
import { about, ask, live } from '../server.ts';
import { Wiring } from '../wiring/wiring.tsx';
import { failure, filter, refresh, runs } from './run-list.ts';
import { RunsGrid } from './runs-grid.tsx';
import { SearchField } from './search-field.tsx';
import { active, pick, picked } from './selection.ts';
import { Toolbar } from './toolbar.tsx';

export function RunsView() {
  useEffect(() => effect(() => void refresh(live.value)), []);
  useEffect(
    () =>
      effect(() => {
        void filter.value;
        void refresh();
      }),
    [],
  );
  const shown = runs.value;
  // A filter finds nothing where there is nothing.
  const isFiltered = parameters.value.size > 0 && about.value?.storage.runs !== 0;
  const isEmpty = shown?.length === 0;
  return (
    <div class="runs-view">
      <h1 class="unseen">Runs</h1>
      <div class="tools">
        <SearchField />
        <Toolbar />
      </div>
      <Comparison />
      {about.value?.receiver.sampled && (
        <p class="note">
          A program sends only a share of its traces (sampling): this list is not complete.{' '}
          <a href="/numbers">Numbers</a> do not depend on that.
        </p>
      )}
      {failure.value !== '' && (
        <p class="banner" role="alert">
          The list could not be brought up to date: {failure.value}{' '}
          <button type="button" onClick={() => void refresh()}>
            Try again
          </button>
        </p>
      )}
      {shown !== undefined && !isEmpty && <RunsGrid runs={shown} />}
      {isEmpty && isFiltered && (
        <div class="middle">
          <p>No run matches this filter.</p>
          <p>
            <a href="/">Show all runs</a>
          </p>
        </div>
      )}
      {isEmpty && !isFiltered && <Wiring titleId="empty-title" />}
    </div>
  );
}

/** The two runs that are picked, and the key that compares. */
function Comparison() {
  const said = useSignal('');
  const two = picked.value;
  const compare = async () => {
    said.value = '';
    const [one, other] = picked.peek();
    if (one !== undefined && other !== undefined) {
      // The one that arrived first is "before".
      const arrival = (id: string) => runs.peek()?.find(({ traceId }) => traceId === id)?.arrival ?? 0;
      const [before, after] = arrival(one) < arrival(other) ? [one, other] : [other, one];
      return go(`/compare/${before}/${after}`);
    }
    const id = one ?? active.peek();
    if (id === null || id === undefined) return;
    const { run } = await ask<ReferenceAnswer>(`/api/runs/${id}/reference`).catch(() => ({ run: null }));
    if (run === null) said.value = 'No other run of this workflow that worked is kept. Pick two runs with x.';
    else go(`/compare/${run.traceId}/${id}`);
  };
  useKeys([
    {
      keys: ['c'],
      label: 'Compare with the newest run that worked, or the two picked ones',
      run: () => void compare(),
    },
    {
      keys: ['Escape'],
      label: 'Put picked runs back',
      run() {
        if (picked.value.length === 0 && said.value === '') return false;
        picked.value = [];
        said.value = '';
        return true;
      },
    },
  ]);
  if (two.length === 0 && said.value === '') return null;
  return (
    <div class="note picked-runs" role="status">
      {said.value ||
        (two.length === 1
          ? 'One run is picked. Pick another one (x), or compare with the newest that worked (c).'
          : 'Two runs are picked.')}
      {two.length > 0 && (
        <>
          <button type="button" onClick={() => void compare()}>
            Compare
          </button>
          <button type="button" class="plain" onClick={() => two.forEach(pick)}>
            Put back
          </button>
        </>
      )}
    </div>
  );
}
