import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { FacetsAnswer } from '../../../api.ts';
import { SORTS } from '../../../model/filter.ts';
import type { RunStatus } from '../../../model/run.ts';
import { go, withParameters } from '../address.ts';
import { now } from '../browser.ts';
import { formatCount } from '../format.ts';
import { about, ask } from '../server.ts';
import { SORT_WORDS } from './query.ts';
import { filter, hasMore, runs } from './run-list.ts';

const STATUSES: readonly { readonly title: string; readonly status: readonly RunStatus[] }[] = [
  { title: 'All', status: [] },
  { title: 'Failed', status: ['failure', 'timeout', 'rejected'] },
  { title: 'Running', status: ['running'] },
  { title: 'Worked', status: ['success'] },
];
const SPANS = [
  { title: 'Any time', ms: 0 },
  { title: 'Last 15 minutes', ms: 900_000 },
  { title: 'Last hour', ms: 3_600_000 },
  { title: 'Last day', ms: 86_400_000 },
  { title: 'Last week', ms: 604_800_000 },
];
const WITHOUT_OTHERS = ['workflow', 'model'] as const;

/** What is wanted most often, by one click. */
export function Toolbar() {
  const present = filter.value.status?.join(',') ?? '';
  return (
    <div class="toolbar">
      <nav class="choices" aria-label="Status">
        {STATUSES.map(({ title, status }) => {
          const wanted = status.join(',');
          return (
            <a
              key={title}
              href={withParameters({ status: wanted || null })}
              aria-current={wanted === present ? 'true' : undefined}
            >
              {title}
            </a>
          );
        })}
      </nav>
      <select
        aria-label="Order"
        value={filter.value.sort ?? 'newest'}
        onChange={({ currentTarget: { value } }) => go(withParameters({ sort: value === 'newest' ? null : value }))}
      >
        {SORTS.map((each) => (
          <option key={each} value={each}>
            {SORT_WORDS[each]}
          </option>
        ))}
      </select>
      <select
        aria-label="Time"
        value={filter.value.fromMs === undefined && filter.value.toMs === undefined ? '0' : 'other'}
        onChange={({ currentTarget: { value } }) =>
          go(withParameters({ from: value === '0' ? null : String(now() - Number(value)), to: null }))
        }
      >
        {SPANS.map(({ title, ms }) => (
          <option key={ms} value={ms}>
            {title}
          </option>
        ))}
        <option value="other" hidden>
          A time span
        </option>
      </select>
      <Others />
      <Count />
    </div>
  );
}

/** A `+` says that there are more than those that are loaded. */
function Count() {
  const count = runs.value?.length;
  return (
    <p class="count soft" role="status">
      {count !== undefined && `${formatCount(count)}${hasMore.value ? '+' : ''} ${count === 1 ? 'run' : 'runs'}`}
    </p>
  );
}

/** Health checks and the like: they can be hidden, and their number is said. */
function Others() {
  const count = useSignal(0);
  useEffect(() => {
    void ask<FacetsAnswer>('/api/facets').then(
      (answer) => {
        count.value = answer.others;
      },
      () => {},
    );
  }, [about.value?.storage.runs, count]);
  const isHidden = filter.value.kinds !== undefined && !filter.value.kinds.includes('other');
  if (count.value === 0 && !isHidden) return null;
  return (
    <a
      class="toggle"
      href={withParameters({ kind: isHidden ? null : WITHOUT_OTHERS.join(',') })}
      title="Runs that have neither a workflow nor a model call, such as health checks"
    >
      {isHidden ? 'Show' : 'Hide'} {formatCount(count.value)} other {count.value === 1 ? 'run' : 'runs'}
    </a>
  );
}
