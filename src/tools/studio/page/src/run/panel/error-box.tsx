import type { ErrorFacts } from '../../../../model/error.ts';
import { LongText } from './value.tsx';

/** An error, then its cause, and the cause of that; its stack below. */
export function ErrorBox({ error }: { readonly error: ErrorFacts }) {
  return (
    <div class="error-box">
      <div>
        <span class="type">
          <LongText text={error.type} />
        </span>
        {error.type !== '' && error.message !== '' && ': '}
        <LongText text={error.message} />
      </div>
      {error.causes.length > 0 && (
        <ol aria-label="Causes">
          {error.causes.map((cause, i) => (
            <li key={i}>
              <span class="soft">caused by </span>
              <span class="type">
                <LongText text={cause.type} />
              </span>
              {cause.type !== '' && cause.message !== '' && ': '}
              <LongText text={cause.message} />
            </li>
          ))}
        </ol>
      )}
      {error.stack !== null && (
        <details>
          <summary>Stack</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
          <pre tabIndex={0}>
            <LongText text={error.stack} shown={4_000} />
          </pre>
        </details>
      )}
    </div>
  );
}
