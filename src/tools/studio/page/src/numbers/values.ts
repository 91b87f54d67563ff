/** Values of the numbers as texts, in the reader's locale. */
import type { NumbersUnit } from '../../../api.ts';
import { apart, formatCount, formatDollars, formatDuration } from '../format.ts';

const locale = navigator.languages;
const rate = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3, notation: 'compact' });
const share = new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits: 3 });
const STATES = ['closed', 'half-open', 'open'];

export function formatValue(unit: NumbersUnit, value: number): string {
  switch (unit) {
    case 'per_second':
      return apart(`${rate.format(value)}/s`);
    case 'share':
      return apart(share.format(value));
    case 'seconds':
      return formatDuration(value * 1e6);
    case 'dollars':
      return formatDollars(Math.round(value * 1e9));
    case 'dollars_per_hour':
      return apart(`${formatDollars(Math.round(value * 1e9))}/h`);
    case 'count':
      return formatCount(value);
    case 'state':
      return STATES[Math.round(value)] ?? String(value);
  }
}

/** Short, for an axis. */
export function formatTick(unit: NumbersUnit, value: number): string {
  if (unit === 'per_second' || unit === 'count') return rate.format(value);
  if (unit === 'dollars' || unit === 'dollars_per_hour') return money.format(value);
  if (unit === 'state') return Number.isInteger(value) ? formatValue(unit, value) : '';
  return unit === 'seconds' && value === 0 ? '0' : formatValue(unit, value);
}

const money = new Intl.NumberFormat(locale, {
  style: 'currency',
  currency: 'USD',
  currencyDisplay: 'narrowSymbol',
  minimumFractionDigits: 0,
  maximumSignificantDigits: 3,
});

/** What the number for the whole time is. */
export function totalHeading(unit: NumbersUnit): string {
  if (unit === 'per_second') return 'Mean';
  if (unit === 'dollars_per_hour') return 'Dollars';
  return unit === 'share' || unit === 'seconds' ? 'Whole time' : 'Now';
}

export function formatTotal(unit: NumbersUnit, value: number): string {
  return formatValue(unit === 'dollars_per_hour' ? 'dollars' : unit, value);
}

const second = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });

const DAY_MS = 86_400_000;

/** The times of an axis: where the day changes, or they are far apart, the day. */
export function timeTicks(times: readonly number[]): string[] {
  const apartMs = (times[1] ?? 0) - (times[0] ?? 0);
  return times.map((time, index) => {
    if (apartMs >= DAY_MS) return day.format(time);
    const isNewDay = index > 0 && day.format(time) !== day.format(times[index - 1]);
    return isNewDay ? day.format(time) : (apartMs < 60_000 ? second : minute).format(time);
  });
}

export function formatMoment(ms: number): string {
  return moment.format(ms);
}

/** `10:02:15 – 10:04:30`, with the days where they differ from today's. */
export function formatSpan(fromMs: number, toMs: number): string {
  return moment.formatRange(fromMs, toMs);
}
