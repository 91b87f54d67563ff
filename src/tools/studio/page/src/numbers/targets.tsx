import type { TargetState } from '../../../api.ts';
import { now } from '../browser.ts';
import { formatAgo, formatCount } from '../format.ts';
import { Text } from '../parts/cells.tsx';

/** The endpoints that numbers come from, and what is wrong with each. */
export function Targets({ targets }: { readonly targets: readonly TargetState[] }) {
  if (targets.length === 0)
    return (
      <p>
        No endpoint is scraped. Start Studio with <code>--scrape http://127.0.0.1:9464</code>, the endpoint of a program
        that has called <code>register</code>.
      </p>
    );
  return (
    <ul class="targets">
      {targets.map(({ url, lastMs, problem, series }) => (
        <li key={url} class={problem === '' ? '' : 'bad'}>
          <code>
            <Text of={url} />
          </code>{' '}
          {lastMs === null ? (
            <span class="soft">is asked now</span>
          ) : (
            <span class="soft">asked {formatAgo(lastMs, Math.max(lastMs, now()))}</span>
          )}{' '}
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
