/** Checks of arguments and options. A message says what is wrong, the rule, the value, and how to correct it. */
import { isAbortSignal } from '../platform/abort.ts';
import { isPlain, show } from './show.ts';

/** Throws a `TypeError`: `where: option rule, got value`, and how to correct it if that is not plain. */
export function fail(where: string, option: string, rule: string, value: unknown, hint = ''): never {
  throw new TypeError(`${where}: ${option} ${rule}, got ${show(value)}${hint}`);
}

/** Throws a `RangeError` with the same text, for a number that is too small, too large or not whole. */
export function failRange(where: string, option: string, rule: string, value: number): never {
  throw new RangeError(`${where}: ${option} ${rule}, got ${value}`);
}

/**
 * Throws when the value of an option is wrong. `T` is the type of the values that the rule accepts. A rule that accepts
 * more or less than the type of the option does not compile.
 */
export interface Rule<T> {
  (where: string, option: string, value: unknown): void;
  /** Never set. It lets the compiler compare `T`. */
  readonly type?: ((value: T) => T) | undefined;
}

type KeyOf<O> = O extends unknown ? keyof O & string : never;
type ValueOf<O, K> = O extends unknown ? (K extends keyof O ? O[K] : undefined) : never;

/** A rule for every option of `O`, and no other rule. An option that only some members of a union have is optional. */
export type Rules<O> = { readonly [K in KeyOf<O>]: Rule<ValueOf<O, K>> };

type AnyRules = Readonly<Record<string, (where: string, option: string, value: unknown) => void>>;

/**
 * Refuses options that are not an object, have an unknown key, or have a value that breaks its rule. It checks the name
 * first. Call it before a metric is registered: a refused primitive must have no series.
 *
 * @param where the interface of the options, which begins every message
 * @throws TypeError, RangeError
 */
export function checkOptions(where: string, options: unknown, rules: AnyRules): void {
  knownOptions(where, options, Object.keys(rules));
  const values = options as Readonly<Record<string, unknown>>;
  rules.name?.(where, 'name', values.name);
  for (const [option, rule] of Object.entries(rules)) rule(where, option, values[option]);
}

/**
 * Refuses a value that is not a plain object with these keys, and names the key that was probably meant. A list, a
 * Promise or a signal has no such keys: without this check it would count as options that say nothing.
 */
export function knownOptions(where: string, options: unknown, known: readonly string[], hint = ''): void {
  if (!isPlain(options)) {
    const example = known.find((key) => key !== 'name') ?? known[0];
    throw new TypeError(`${where}: must be an object such as { ${example}: … }, got ${show(options)}${hint}`);
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
  return x.includes(y) || y.includes(x) || x.slice(0, 4) === y.slice(0, 4);
}

export interface NumberRule {
  readonly min: number;
  readonly max?: number;
  readonly integer?: boolean;
}

/** Refuses a value that is not a finite number within the rule. */
export function requireNumber(where: string, option: string, value: unknown, { min, max, integer }: NumberRule): void {
  const isRight = integer ? Number.isInteger(value) : Number.isFinite(value);
  if (isRight && (value as number) >= min && (max === undefined || (value as number) <= max)) return;
  const kind = integer ? 'a whole number' : max === undefined ? 'a finite number' : 'a number';
  const rule = max === undefined ? `must be ${kind}, ${min} or more` : `must be ${kind} from ${min} to ${max}`;
  if (typeof value === 'number') failRange(where, option, rule, value);
  fail(where, option, rule, value);
}

/** Refuses an empty text: a name may become a label in Prometheus. */
export function requireWord(where: string, option: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') fail(where, option, 'must be a text that is not empty', value);
}

/** Refuses a value that is not a `{ … }` whose keys the author chooses. `rule` begins with `must be`. */
export function requirePlain(where: string, option: string, rule: string, value: unknown): void {
  if (!isPlain(value)) fail(where, option, rule, value);
}

export function requireFunction(where: string, option: string, value: unknown): void {
  if (typeof value !== 'function') fail(where, option, 'must be a function', value);
}

/** Refuses arguments that would have no effect. `more` are those after the last one that the function takes. */
export function noMore(where: string, more: readonly unknown[], hint: string): void {
  const extra = more.find((each) => each !== undefined);
  if (extra !== undefined) fail(where, 'the last argument', 'has no effect', extra, `; ${hint}`);
}

export function requireName(where: string, value: unknown): void {
  requireWord(where, 'name', value);
}

export function requireSignal(where: string, option: string, value: unknown): void {
  if (isAbortSignal(value)) return;
  fail(where, option, 'must be an AbortSignal (for example AbortSignal.timeout(5000))', value);
}
