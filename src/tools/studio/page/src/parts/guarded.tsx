import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { show } from '../show.ts';

/** A view that fails says so, and leaves the rest of the page as it is. */
export function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [error, forget] = useErrorBoundary((thrown: unknown) => {
    // For the report of the defect.
    reportError(thrown);
  }) as [unknown, () => void];
  if (error === undefined) return <>{children}</>;
  return (
    <div class="middle" role="alert">
      <p>
        This view failed, which is a defect of Studio: {show(error instanceof Error ? error.message : String(error))}
      </p>
      <button type="button" onClick={forget}>
        Try again
      </button>
    </div>
  );
}
