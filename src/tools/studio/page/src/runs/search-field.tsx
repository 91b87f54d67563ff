import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { FacetsAnswer } from '../../../api.ts';
import { parseFilter, writeFilter } from '../../../model/filter.ts';
import { go, parameters } from '../address.ts';
import { now } from '../browser.ts';
import { useKeys } from '../parts/keys.ts';
import { ask } from '../server.ts';
import { show } from '../show.ts';
import { formatQuery, parseQuery } from './query.ts';
import { completed, suggest } from './suggest.ts';

const NO_FACETS: FacetsAnswer = { workflows: [], services: [], models: [], tenants: [], tags: {}, others: 0 };

/** The filter as a line of text, with suggestions. It stands in the address after Enter. */
export function SearchField() {
  const field = useRef<HTMLInputElement>(null);
  const draft = useSignal<string | undefined>(undefined);
  const facets = useSignal(NO_FACETS);
  const chosen = useSignal(-1);
  const problem = useSignal('');
  const applied = useComputed(() => formatQuery(parseFilter(parameters.value)));
  const text = draft.value ?? applied.value;
  const isOpen = useSignal(false);
  const options = isOpen.value ? suggest(text, facets.value) : [];
  useKeys([{ keys: ['/'], label: 'Filter', run: () => field.current?.select() }]);
  // A filter that came from elsewhere, such as a button, takes the place of what was typed.
  useEffect(() => {
    draft.value = undefined;
    problem.value = '';
  }, [applied.value, draft, problem]);

  const type = (value: string) => {
    draft.value = value;
    chosen.value = -1;
    isOpen.value = true;
  };
  const apply = (line: string) => {
    const parsed = parseQuery(line, now());
    problem.value = parsed.problem;
    isOpen.value = false;
    if (parsed.problem !== '') return;
    draft.value = undefined;
    const written = writeFilter(parsed.filter).toString();
    go(written === '' ? '/' : `/?${written}`);
  };
  const take = (word: string) => {
    type(completed(text, word));
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    const moved = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const option = options[chosen.value];
    if (moved !== undefined) {
      isOpen.value = true;
      chosen.value = Math.max(-1, Math.min(options.length - 1, chosen.value + moved));
    } else if (event.key === 'Enter' && option !== undefined) take(option.word);
    else if (event.key === 'Enter') apply(text);
    else if (event.key === 'Tab' && option !== undefined) take(option.word);
    else if (event.key === 'Escape' && isOpen.value && options.length > 0) isOpen.value = false;
    else if (event.key === 'Escape') {
      draft.value = undefined;
      problem.value = '';
      document.querySelector<HTMLElement>('[role=grid]')?.focus();
    } else return;
    event.preventDefault();
  };

  return (
    <search class="search">
      <input
        ref={field}
        type="text"
        role="combobox"
        aria-label="Filter the runs"
        aria-expanded={options.length > 0}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant={options[chosen.value] === undefined ? undefined : `suggestion-${chosen.value}`}
        aria-describedby="filter-problem"
        placeholder="Filter: words of an error, status:failure, workflow:…, >2s, >$0.01"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={text}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={pressed}
        onFocus={() => {
          isOpen.value = true;
          void ask<FacetsAnswer>('/api/facets').then(
            (answer) => {
              facets.value = answer;
            },
            () => {},
          );
        }}
        onBlur={() => {
          isOpen.value = false;
        }}
      />
      {text !== '' && (
        <button type="button" class="plain clear" aria-label="Clear the filter" onClick={() => apply('')}>
          ×
        </button>
      )}
      <kbd title="Key">/</kbd>
      <div role="listbox" id="suggestions" aria-label="Suggestions" hidden={options.length === 0}>
        {options.map(({ word, note }, i) => (
          <div
            role="option"
            key={word}
            id={`suggestion-${i}`}
            aria-selected={i === chosen.value}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(word)}
          >
            <bdi>{show(word)}</bdi> <span class="soft">{note}</span>
          </div>
        ))}
      </div>
      <p id="filter-problem" class="problem" role="status">
        {problem.value}
      </p>
    </search>
  );
}
