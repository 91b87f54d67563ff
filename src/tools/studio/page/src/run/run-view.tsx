import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunAnswer } from '../../../api.ts';
import { formatDuration } from '../format.ts';
import { ask } from '../server.ts';

export function RunView({ traceId }: { readonly traceId: string }) {
  const answer = useSignal<RunAnswer | undefined>(undefined);
  useEffect(() => {
    void ask<RunAnswer>(`/api/runs/${encodeURIComponent(traceId)}`).then((given) => {
      answer.value = given;
    });
  }, [traceId, answer]);
  return (
    <ul>
      {answer.value?.spans.map((span) => (
        <li key={span.spanId}>
          {span.name} {formatDuration(span.durationNs / 1_000)}
        </li>
      ))}
    </ul>
  );
}
