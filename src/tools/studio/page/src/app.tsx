import { effect, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { listPath, subject, type View, view } from './address.ts';
import { Text } from './parts/cells.tsx';
import { Guarded } from './parts/guarded.tsx';
import { KeysDialog } from './parts/keys-dialog.tsx';
import { lazy } from './parts/lazy.tsx';
import { RunsView } from './runs/runs-view.tsx';
import { about, isConnected } from './server.ts';
import { show } from './show.ts';
import { THEMES, theme } from './theme.ts';
import { Wiring } from './wiring/wiring.tsx';

const NumbersView = lazy(async () => (await import('./numbers/numbers-view.tsx')).NumbersView);
const RunView = lazy(async () => (await import('./run/run-view.tsx')).RunView);
const CompareView = lazy(async () => (await import('./compare/compare-view.tsx')).CompareView);

const TITLES: Readonly<Record<View['name'], string>> = {
  runs: 'Runs',
  run: 'Run',
  compare: 'Comparison',
  numbers: 'Numbers',
};

export function App() {
  const shown = view.value;
  useEffect(
    () =>
      effect(() => {
        document.title = `${show(subject.value, 80) || TITLES[view.value.name]} · Studio`;
      }),
    [],
  );
  return (
    <>
      <header class="bar">
        <a class="brand" href="/">
          Studio
        </a>
        <nav aria-label="Views">
          {/* From the list itself, the way to all runs. */}
          <a
            href={shown.name === 'runs' ? '/' : listPath.value}
            aria-current={shown.name === 'numbers' ? undefined : 'page'}
          >
            Runs
          </a>
          <a href="/numbers" aria-current={shown.name === 'numbers' ? 'page' : undefined}>
            Numbers
          </a>
        </nav>
        <Connection />
        <select
          class="theme"
          aria-label="Theme"
          value={theme.value}
          onChange={({ currentTarget: { value } }) => {
            theme.value = THEMES.find((each) => each === value) ?? 'system';
          }}
        >
          {THEMES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <KeysDialog />
      </header>
      {isConnected.value ? null : (
        <p class="banner" role="status">
          Studio does not answer. Is it still running? This page connects again by itself.
        </p>
      )}
      <Notes />
      <main>
        <Guarded key={JSON.stringify(shown)}>
          {shown.name === 'runs' && <RunsView />}
          {shown.name === 'run' && <RunView traceId={shown.traceId} />}
          {shown.name === 'compare' && <CompareView before={shown.before} after={shown.after} />}
          {shown.name === 'numbers' && <NumbersView />}
        </Guarded>
      </main>
    </>
  );
}

/** Where spans are taken, and whether all is well; a click shows the rest. */
function Connection() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = useSignal(false);
  const facts = about.value;
  const host = facts === undefined ? '' : new URL(facts.url).host;
  const isBad = !isConnected.value || (facts?.receiver.requests[0]?.problem ?? '') !== '';
  const isNoted = (facts?.storage.notes.length ?? 0) > 0;
  const [state, said] = isBad
    ? ['bad', isConnected.value ? 'the last request was refused' : 'see below']
    : isNoted
      ? ['noted', 'there is a note on what is kept']
      : ['good', 'all is well'];
  return (
    <>
      <button
        type="button"
        class="plain connection"
        title={said}
        aria-haspopup="dialog"
        onClick={() => {
          isOpen.value = true;
          dialog.current?.showModal();
        }}
      >
        <span class={`dot ${state}`} aria-hidden="true" />
        <span class="address">{isConnected.value ? host : 'not connected'}</span>
        <span class="unseen">, {said}; what Studio receives and keeps</span>
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="about-title"
        onClose={() => {
          isOpen.value = false;
        }}
        onClick={(event) => event.target === dialog.current && dialog.current?.close()}
      >
        {isOpen.value && <Wiring titleId="about-title" />}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  );
}

/** What the reader should know about what is kept, until he has read it. */
function Notes() {
  const read = useSignal<readonly string[]>([]);
  const notes = about.value?.storage.notes.filter((note) => !read.value.includes(note)) ?? [];
  return (
    <>
      {notes.map((note) => (
        <p class="note" role="status" key={note}>
          <Text of={note} />
          <button
            type="button"
            class="plain"
            onClick={() => {
              read.value = [...read.value, note];
            }}
          >
            Hide
          </button>
        </p>
      ))}
    </>
  );
}
