/** The browser: its time, timers and address. No other file of the page reads them. */

/** Milliseconds since the Unix epoch. */
export function now(): number {
  return Date.now();
}

/** Calls back once after a time. Returns a function that cancels it. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** Calls back again and again. Returns a function that ends it. */
export function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  return () => clearInterval(timer);
}

/** What the reader chose, kept by the browser. A browser can forbid to keep anything: then it is not kept. */
export function readChoice(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keepChoice(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // It lasts until the page is closed.
  }
}

/** @throws Error when the browser does not let the page copy */
export async function copyText(text: string): Promise<void> {
  // It is missing where the page comes from another machine without HTTPS. There only the old way copies.
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  // In an open dialog, nothing outside of it can be selected.
  const place = document.querySelector('dialog[open]') ?? document.body;
  const focused = document.activeElement;
  place.append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isCopied) throw new Error('The browser refused to copy');
}
