/** Checks at the door: what is wrong, which rule, which value, and how to mend it. */

/** A short form of any value for an error text. Strings and keys are cut: they may be a user's data, and many. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (typeof value === 'function') return value.name ? `function ${cut(value.name)}` : 'a function';
  if (typeof value !== 'object' || value === null) return cut(String(value));
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const keys = Object.keys(value);
    const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : '';
    return `an object with ${keys.slice(0, MOST_KEYS).map(cut).join(', ') || 'no keys'}${more}`;
  } catch {
    return 'an object that cannot be looked into';
  }
}

const MOST_KEYS = 8;

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** What a value is and how large, without its content: that may be a user's. */
export function measure(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object with ${Object.keys(value).length} keys`;
  return value === undefined || value === null || typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}

/** Throws `where: option rule, got value`; a `RangeError` for a number out of range, else a `TypeError`. */
export function fail(where: string, option: string, rule: string, value: unknown): never {
  const message = `${where}: ${option} ${rule}, got ${show(value)}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

/** Refuses anything but an object with these keys, and names the one that was probably meant. */
export function knownOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${where}: must be an object such as { ${known[0]}: … }, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = known.find((name) => alike(name, key));
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    throw new TypeError(`${where}: there is no option ${show(key)}; ${hint}`);
  }
}

function alike(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x === y || x.startsWith(y) || y.startsWith(x) || x.slice(0, 4) === y.slice(0, 4);
}

export interface NumberRule {
  readonly min: number;
  readonly max?: number;
  readonly integer?: boolean;
}

/** A finite number within the rule. */
export function requireNumber(where: string, option: string, value: unknown, { min, max, integer }: NumberRule): void {
  const kind = integer ? 'a whole number' : 'a number';
  const rule = max === undefined ? `must be ${kind}, ${min} or more` : `must be ${kind} from ${min} to ${max}`;
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(where, option, rule, value);
  if (value < min || (max !== undefined && value > max)) fail(where, option, rule, value);
  if (integer && !Number.isInteger(value)) fail(where, option, rule, value);
}

export function requireFunction(where: string, option: string, value: unknown): void {
  if (typeof value !== 'function') fail(where, option, 'must be a function', value);
}

/** A name is what the author, and a label in Prometheus, call a thing. */
export function requireName(where: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') fail(where, 'name', 'must be a text that is not empty', value);
}

export function requireSignal(where: string, option: string, value: unknown): void {
  if (value instanceof AbortSignal) return;
  fail(where, option, 'must be an AbortSignal (for example AbortSignal.timeout(5000))', value);
}
