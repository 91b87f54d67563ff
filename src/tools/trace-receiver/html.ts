/** Escapes a text for HTML, as content or as an attribute value. Control characters have no escape and become `\uFFFD`. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
}

/** The start of a text for a page. A page of thousands of long texts would be larger than a text can be. */
export function shortHtml(text: string, maxLength = 256): string {
  return escapeHtml(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text);
}

/** `412 µs`, `38.2 ms`, `1.24 s`, `2 m 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 1_000) return `${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `$0.0042`. A sum below one cent has two significant digits, because a model call can cost much less than a cent. */
export function formatDollars(dollars: number): string {
  if (!(dollars > 0 && dollars < 0.01)) return `$${dollars.toFixed(dollars === 0 ? 2 : 4)}`;
  return `$${dollars.toFixed(Math.min(12, 1 - Math.floor(Math.log10(dollars))))}`;
}
