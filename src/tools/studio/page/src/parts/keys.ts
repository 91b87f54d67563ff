/** The keys of the page. Each view registers its own, and `?` lists them. */
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface KeyBinding {
  /** As `KeyboardEvent.key` names them: `j`, `ArrowDown`, `?`; with `mod+` before it, Ctrl, or Command on a Mac. */
  readonly keys: readonly string[];
  /** What it does, for the list of keys. */
  readonly label: string;
  /** Returns `false` when the key means nothing now: then it keeps its usual meaning. */
  readonly run: (event: KeyboardEvent) => boolean | void;
}

/** Those of the innermost view last. */
export const bindings = signal<readonly (readonly KeyBinding[])[]>([]);

/** Has keys while the component is shown. */
export function useKeys(given: readonly KeyBinding[]): void {
  const newest = useRef(given);
  newest.current = given;
  // At once: a reader can type before the browser has drawn.
  useLayoutEffect(() => {
    // What a key does is looked up when it is pressed: a component makes its functions again each time it is drawn.
    const mine = given.map(({ keys, label }, i) => ({
      keys,
      label,
      run: (event: KeyboardEvent) => newest.current[i]?.run(event),
    }));
    bindings.value = [...bindings.peek(), mine];
    return () => {
      bindings.value = bindings.peek().filter((each) => each !== mine);
    };
  }, []);
}

export function followKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const mod = event.ctrlKey || event.metaKey;
    const name = mod ? `mod+${event.key.toLowerCase()}` : event.key;
    const target = event.target instanceof Element ? event.target : null;
    // In a dialog, and in a field, keys have their usual meaning; a button or link has Enter and Space.
    if (target?.closest('dialog')) return;
    if (!mod && target?.closest('input, textarea, select')) return;
    if ((name === 'Enter' || name === ' ') && target?.closest('a, button, summary')) return;
    for (const group of bindings.peek().toReversed()) {
      const binding = group.find(({ keys }) => keys.includes(name));
      if (binding !== undefined && binding.run(event) !== false) {
        event.preventDefault();
        return;
      }
    }
  });
}

/** A key as it is printed on a keyboard. */
export function keyName(key: string): string {
  const names: Readonly<Record<string, string>> = { ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→' };
  const plain = key.replace('mod+', '');
  const name = names[plain] ?? (plain === ' ' ? 'Space' : plain);
  return key.startsWith('mod+') ? `Ctrl+${name.toUpperCase()}` : name;
}
