/** Numbers and times in the reader's locale and zone. */

const locale = navigator.languages;

/** Languages that are written from right to left. */
const RIGHT_TO_LEFT = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']);
const [language = ''] = new Intl.NumberFormat(locale).resolvedOptions().locale.split('-');
const turns = RIGHT_TO_LEFT.has(language);
/** Without it, two numbers that stand beside one another change places: `73 4 failed` would be `4 73 failed`. */
export const apart = (text: string): string => (turns ? `\u2068${text}\u2069` : text);

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const fullTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' });

export function formatCount(value: number): string {
  return apart(whole.format(value));
}

/** `412 µs`, `38.2 ms`, `1.24 s`, `2 m 05 s`. */
export function formatDuration(us: number): string {
  if (us < 1_000) return apart(`${whole.format(us)} µs`);
  if (us < 100_000) return apart(`${oneDigit.format(us / 1_000)} ms`);
  if (us < 999_500) return apart(`${whole.format(us / 1_000)} ms`);
  if (us < 59_995_000) return apart(`${twoDigits.format(us / 1e6)} s`);
  const seconds = Math.round(us / 1e6);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600)];
  if (hours === 0) return apart(`${minutes} m ${String(seconds % 60).padStart(2, '0')} s`);
  return apart(`${hours} h ${String(minutes % 60).padStart(2, '0')} m`);
}

/** `$0.0042`. A sum below one cent has two significant digits, because a model call can cost much less than a cent. `null`: not known. */
export function formatDollars(nanodollars: number | null): string {
  if (nanodollars === null) return '';
  const dollars = nanodollars / 1e9;
  const digits =
    dollars > 0 && dollars < 0.01 ? Math.min(9, 1 - Math.floor(Math.log10(dollars))) : dollars === 0 ? 2 : 4;
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return apart(format.format(dollars));
}

export function formatTime(us: number): string {
  return apart(clock.format(us / 1_000));
}

const dayAndClock = new Intl.DateTimeFormat(locale, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** The time of a day that is today, else also the day. */
export function formatMoment(us: number, nowMs: number): string {
  const time = new Date(us / 1_000);
  return apart(time.toDateString() === new Date(nowMs).toDateString() ? clock.format(time) : dayAndClock.format(time));
}

/** With date and zone. */
export function formatFullTime(us: number): string {
  return apart(fullTime.format(us / 1_000));
}

const relative = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: 'always' });
const nowWord = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(0, 'second');
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `12s ago`, or `now`. Both in milliseconds since the Unix epoch. */
export function formatAgo(ms: number, nowMs: number): string {
  const seconds = Math.round((ms - nowMs) / 1_000);
  if (seconds === 0) return nowWord;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return apart(relative.format(Math.trunc(seconds / size), unit));
}

/** `38.2 MB`, in powers of 1,000. */
export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const unit = units[power] ?? 'byte';
  // The short form of `byte` has no plural.
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay, maximumFractionDigits: 1 });
  return apart(format.format(bytes / 1_000 ** power));
}

/** `GMT+1`: the zone of all times on the page. */
export function zoneName(): string {
  return apart(zone.formatToParts().find(({ type }) => type === 'timeZoneName')?.value ?? '');
}

const zone = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' });
