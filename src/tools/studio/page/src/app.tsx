import { view } from './address.ts';
import { CompareView } from './compare/compare-view.tsx';
import { NumbersView } from './numbers/numbers-view.tsx';
import { KeysDialog } from './parts/keys-dialog.tsx';
import { RunView } from './run/run-view.tsx';
import { RunsView } from './runs/runs-view.tsx';
import { isConnected } from './server.ts';

export function App() {
  const shown = view.value;
  return (
    <>
      <header class="bar">
        <a class="brand" href="/">
          Studio
        </a>
        <nav aria-label="Views">
          <a href="/" aria-current={shown.name === 'numbers' ? undefined : 'page'}>
            Runs
          </a>
          <a href="/numbers" aria-current={shown.name === 'numbers' ? 'page' : undefined}>
            Numbers
          </a>
        </nav>
        <KeysDialog />
      </header>
      {isConnected.value ? null : (
        <p class="banner" role="status">
          Studio does not answer. Is it still running? This page connects again by itself.
        </p>
      )}
      <main>
        {shown.name === 'runs' && <RunsView />}
        {shown.name === 'run' && <RunView traceId={shown.traceId} />}
        {shown.name === 'compare' && <CompareView before={shown.before} after={shown.after} />}
        {shown.name === 'numbers' && <NumbersView />}
      </main>
    </>
  );
}
