/** Reads the text format 0.0.4 of Prometheus. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** The type of each metric, by its name. */
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/s;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gsy;

/** @throws SyntaxError at the first line that is not in the format */
export function parseExposition(text: string): Exposition {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  for (const [i, line] of text.split('\n').entries()) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) types.set(type[1] as string, type[2] as string);
    if (line === '' || line.startsWith('#')) continue;
    const parsed = SAMPLE.exec(line);
    const labels = parsed === null ? undefined : parseLabels(parsed[2] ?? '');
    if (parsed === null || labels === undefined)
      throw new SyntaxError(`line ${i + 1} is not a sample: ${line.slice(0, 200)}`);
    samples.push({ name: parsed[1] as string, labels, value: parseValue(parsed[3] as string) });
  }
  return { samples, types };
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  let end = 0;
  for (let match = LABEL.exec(text); match !== null; match = LABEL.exec(text)) {
    const [whole, name, value] = match as unknown as [string, string, string];
    if (Object.hasOwn(labels, name)) return undefined;
    labels[name] = value.replace(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char));
    end += whole.length;
    if (end === text.length) break;
  }
  return end === text.length ? labels : undefined;
}

function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return text === 'NaN' ? Number.NaN : Number(text);
}

/** The samples with this name whose labels include `labels`. */
export function select(
  { samples }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}

/** The sum of the values; 0 without samples. */
export function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** The sum of the samples with this name whose labels include `labels`; 0 without samples. */
export function sumOf(exposition: Exposition, name: string, labels?: Readonly<Record<string, string>>): number {
  return sum(select(exposition, name, labels));
}
