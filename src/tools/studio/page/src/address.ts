/** The address of the page: what is shown stands in it, so that every view can be shared and survives a reload. */
import { computed, effect, signal } from '@preact/signals';

export type View =
  | { readonly name: 'runs' }
  | { readonly name: 'run'; readonly traceId: string }
  | { readonly name: 'compare'; readonly before: string; readonly after: string }
  | { readonly name: 'numbers' };

const current = signal(new URL(location.href));

/** The parameters of the address. They are read only: `go` changes them. */
export const parameters = computed(() => current.value.searchParams);

export const view = computed((): View => {
  const [, first, second = '', third = ''] = current.value.pathname.split('/').map(decode);
  if (first === 'run' && second !== '') return { name: 'run', traceId: second };
  if (first === 'compare' && third !== '') return { name: 'compare', before: second, after: third };
  return first === 'numbers' ? { name: 'numbers' } : { name: 'runs' };
});

/** The path of the list of runs as it was seen last, with its filter: who goes back finds it as it was. */
export const listPath = signal('/');

/** What the view is about, such as the name of a run, for the title of the browser's tab. */
export const subject = signal('');

/** Goes to a path of this page. `replace`: "back" does not return to the present one. */
export function go(path: string, { replace = false } = {}): void {
  const url = new URL(path, location.origin);
  if (url.href === current.value.href) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  current.value = url;
}

/** The parameters with some changed, `null` to remove one, as a path. */
export function withParameters(
  changes: Readonly<Record<string, string | null>>,
  path = current.value.pathname,
): string {
  const changed = new URLSearchParams(parameters.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') changed.delete(name);
    else changed.set(name, value);
  }
  const text = changed.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Follows "back" and "forward", and links of this page without a reload. */
export function followAddress(): void {
  effect(() => {
    if (view.value.name === 'runs') listPath.value = `/${current.value.search}`;
  });
  addEventListener('popstate', () => {
    current.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !isPlain || event.defaultPrevented || link.target !== '' || link.hasAttribute('download'))
      return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname.startsWith('/api/')) return;
    event.preventDefault();
    go(url.href);
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
