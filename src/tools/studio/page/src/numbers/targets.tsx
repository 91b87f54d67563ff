import type { TargetState } from '../../../api.ts';
import { TargetList } from '../parts/target-list.tsx';

/** The endpoints that numbers come from; where there are none, how to name one. */
export function Targets({ targets }: { readonly targets: readonly TargetState[] }) {
  if (targets.length === 0)
    return (
      <p>
        No endpoint is scraped. Start Studio with <code>--scrape http://127.0.0.1:9464</code>, the endpoint of a program
        that has called <code>register</code>.
      </p>
    );
  return <TargetList targets={targets} />;
}
