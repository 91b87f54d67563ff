import type { TargetState } from '../../../api.ts';
import { now } from '../browser.ts';
import { formatAgo, formatCount } from '../format.ts';
import { Text } from './cells.tsx';

/** The endpoints that numbers come from, and what is wrong with each. */
export function TargetList({ targets }: { readonly targets: readonly TargetState[] }) {
  return (
    <ul class="targets">
      {targets.map(({ url, lastMs, problem, series }) => (
        <li key={url} class={problem === '' ? '' : 'bad'}>
          <code>
            <Text of={url} />
          </code>{' '}
          <span class="soft">
            {lastMs === null ? 'is asked now' : <>asked {formatAgo(lastMs, Math.max(lastMs, now()))}</>}
          </span>{' '}
          {problem === '' ? (
            lastMs !== null && `${formatCount(series)} series`
          ) : (
            <span class="problem">
              <Text of={problem} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
