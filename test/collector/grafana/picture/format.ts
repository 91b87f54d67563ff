/** Formats numbers as Grafana does, for the units that the dashboards use. */
const round = (value: number, decimals: number) => Number(value.toFixed(decimals)).toString();

/** Few digits and a suffix: 12345 becomes 12.3 K. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${round(value / 1e9, 2)} B`;
  if (size >= 1e6) return `${round(value / 1e6, 2)} M`;
  if (size >= 1e4) return `${round(value / 1e3, 1)} K`;
  if (size >= 100) return round(value, 0);
  return size >= 1 ? round(value, 2) : round(value, 4);
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 86_400) return `${round(value / 86_400, 1)} days`;
  if (size >= 3_600) return `${round(value / 3_600, 1)} h`;
  if (size >= 60) return `${round(value / 60, 1)} min`;
  if (size >= 1 || size === 0) return `${round(value, 2)} s`;
  return `${round(value * 1e3, size >= 0.1 ? 0 : 2)} ms`;
}

function bytes(value: number): string {
  const power = value === 0 ? 0 : Math.min(4, Math.floor(Math.log2(Math.abs(value)) / 10));
  return `${round(value / 1024 ** power, 1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

const dollars = (value: number, decimals?: number) =>
  `$${value.toFixed(decimals ?? (Math.abs(value) >= 1 || value === 0 ? 2 : 4))}`;

export function formatValue(value: number, unit = 'short', decimals?: number): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 's') return seconds(value);
  if (unit === 'bytes') return bytes(value);
  if (unit === 'currencyUSD') return dollars(value, decimals);
  if (unit === 'percentunit') return `${round(value * 100, Math.abs(value) >= 0.1 ? 1 : 2)}%`;
  if (unit === 'reqps') return `${short(value)} req/s`;
  if (unit === 'ops') return `${short(value)} ops/s`;
  return decimals === undefined ? short(value) : short(Number(value.toFixed(decimals)));
}

/** Round numbers for an axis, about `count` of them, from `low` or a little below to `high` or a little above. */
export function ticks(low: number, high: number, count: number): readonly number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => span / each <= count) ?? span;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step - first - 1e-9) + 1 }, (_, index) => (first + index) * step);
}

export function formatTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().slice(11, 16);
}

export const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
