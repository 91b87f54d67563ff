/** What a span absorbed or undid: failed tries, failed primitives of a fallback, steps of a saga. */
import { errorLine } from '../../../../model/error.ts';
import type { SpanFacts } from '../../../../model/facts.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { LongText } from './value.tsx';

export function Tries({ facts, startUs }: { readonly facts: SpanFacts; readonly startUs: number }) {
  const { retries, fallbackFailures, compensations, circuitChanges } = facts;
  return (
    <>
      {retries.length > 0 && (
        <>
          <h3>Failed tries</h3>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Try</th>
                <th scope="col">Failed after</th>
                <th scope="col">Then waited</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {retries.map(({ attempt, atUs, delayUs, error }) => (
                <tr key={attempt}>
                  <td>{formatCount(attempt)}</td>
                  <td>{formatDuration(atUs - startUs)}</td>
                  <td>{formatDuration(delayUs)}</td>
                  <td>
                    {error === null ? 'its result was refused' : <LongText text={errorLine(error)} shown={300} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {fallbackFailures.length > 0 && (
        <>
          <h3>Failed before</h3>
          <ul class="plain-list">
            {fallbackFailures.map(({ label, error }, i) => (
              <li key={i}>
                <Text of={label} />: <LongText text={errorLine(error)} shown={300} />
              </li>
            ))}
          </ul>
        </>
      )}
      {compensations.length > 0 && (
        <>
          <h3>Compensation</h3>
          <ul class="plain-list">
            {compensations.map(({ step, result, error }, i) => (
              <li key={i} class={result === 'undone' ? undefined : 'bad'}>
                <Text of={step} /> {COMPENSATED[result]}
                {error !== null && (
                  <>
                    : <LongText text={errorLine(error)} shown={300} />
                  </>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {circuitChanges.length > 0 && (
        <>
          <h3>Circuit</h3>
          <ul class="plain-list">
            {circuitChanges.map(({ atUs, to }) => (
              <li key={atUs}>
                <Text of={to} /> after {formatDuration(atUs - startUs)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const COMPENSATED = {
  undone: 'was undone',
  failed: 'could not be undone',
  unknown: 'was interrupted: its effect is not known',
} as const;
