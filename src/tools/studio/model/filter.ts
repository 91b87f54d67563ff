/** What a list of runs is narrowed to. It stands in the address of the page, and in the requests to the server. */
import { RUN_KINDS, RUN_STATUSES, type RunKind, type RunStatus } from './run.ts';

export const SORTS = ['newest', 'duration', 'dollars', 'tokens', 'errors'] as const;
export type Sort = (typeof SORTS)[number];

export interface RunFilter {
  /** Words that all must occur in names, errors, tags, models or ids. */
  readonly text?: string;
  readonly workflow?: string;
  readonly service?: string;
  readonly model?: string;
  readonly session?: string;
  readonly correlation?: string;
  readonly tenant?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Any of these. */
  readonly status?: readonly RunStatus[];
  /** Any of these. */
  readonly kinds?: readonly RunKind[];
  readonly minDurationMs?: number;
  readonly maxDurationMs?: number;
  readonly minDollars?: number;
  readonly maxDollars?: number;
  readonly minTokens?: number;
  readonly maxTokens?: number;
  /** Milliseconds since the Unix epoch, of the start. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** @default 'newest': by arrival */
  readonly sort?: Sort;
}

/** A key of the filter that is a text, and its name in an address. */
const TEXTS = {
  text: 'q',
  workflow: 'workflow',
  service: 'service',
  model: 'model',
  session: 'session',
  correlation: 'correlation',
  tenant: 'tenant',
} as const;
const NUMBERS = {
  minDurationMs: 'min-ms',
  maxDurationMs: 'max-ms',
  minDollars: 'min-dollars',
  maxDollars: 'max-dollars',
  minTokens: 'min-tokens',
  maxTokens: 'max-tokens',
  fromMs: 'from',
  toMs: 'to',
} as const;
const TAG = 'tag.';

/** Reads a filter from the parameters of an address. What is not understood is left out: an address can come from anywhere. */
export function parseFilter(parameters: URLSearchParams): RunFilter {
  const filter: { -readonly [Key in keyof RunFilter]: RunFilter[Key] } = {};
  for (const [key, name] of Object.entries(TEXTS) as [keyof typeof TEXTS, string][]) {
    const value = parameters.get(name);
    if (value) filter[key] = value;
  }
  for (const [key, name] of Object.entries(NUMBERS) as [keyof typeof NUMBERS, string][]) {
    const value = parameters.get(name);
    if (value !== null && value.trim() !== '' && Number.isFinite(Number(value))) filter[key] = Number(value);
  }
  const listed = (name: string) => (parameters.get(name) ?? '').split(',');
  const status = RUN_STATUSES.filter((each) => listed('status').includes(each));
  if (status.length > 0) filter.status = status;
  const kinds = RUN_KINDS.filter((each) => listed('kind').includes(each));
  if (kinds.length > 0) filter.kinds = kinds;
  const tags = [...parameters].filter(([name]) => name.startsWith(TAG) && name.length > TAG.length);
  if (tags.length > 0) filter.tags = Object.fromEntries(tags.map(([name, value]) => [name.slice(TAG.length), value]));
  const sort = SORTS.find((each) => each === parameters.get('sort'));
  if (sort !== undefined && sort !== 'newest') filter.sort = sort;
  return filter;
}

export function writeFilter(filter: RunFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [key, name] of Object.entries({ ...TEXTS, ...NUMBERS }) as [keyof RunFilter, string][]) {
    const value = filter[key];
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  if (filter.status !== undefined && filter.status.length > 0) parameters.set('status', filter.status.join(','));
  if (filter.kinds !== undefined && filter.kinds.length > 0) parameters.set('kind', filter.kinds.join(','));
  for (const [key, value] of Object.entries(filter.tags ?? {})) parameters.set(`${TAG}${key}`, value);
  if (filter.sort !== undefined && filter.sort !== 'newest') parameters.set('sort', filter.sort);
  return parameters;
}
