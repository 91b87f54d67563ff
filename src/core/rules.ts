/** The rules for `checkOptions`. */
import {
  fail,
  knownOptions,
  type NumberRule,
  type Rule,
  type Rules,
  requireFunction,
  requireNumber,
  requirePlain,
  requireWord,
} from './check.ts';
import { measure, show } from './show.ts';

export function optional<T>(rule: Rule<T>): Rule<T | undefined> {
  return (where, option, value) => {
    if (value !== undefined) rule(where, option, value);
  };
}

/** A text that is not empty. */
export const word: Rule<string> = requireWord;

export const optionalName = optional(word);

export const text: Rule<string> = (where, option, value) => {
  if (typeof value !== 'string') fail(where, option, 'must be a text', value);
};

/** A text that messages do not quote, such as an API key. */
export const secretText: Rule<string> = (where, option, value) => {
  if (typeof value !== 'string') throw new TypeError(`${where}: ${option} must be a text, got ${measure(value)}`);
};

export const flag: Rule<boolean> = (where, option, value) => {
  if (typeof value !== 'boolean') fail(where, option, 'must be true or false', value);
};

export function oneOf<const T extends string>(...words: readonly T[]): Rule<T> {
  const rule = words.length === 2 ? `must be '${words[0]}' or '${words[1]}'` : `must be one of ${words.join(', ')}`;
  return (where, option, value) => {
    if (!words.some((each) => each === value)) fail(where, option, rule, value);
  };
}

/** A function. Only the compiler checks its parameters and its result. */
export function callback<F extends (...args: never[]) => unknown>(): Rule<F> {
  return requireFunction;
}

export function number(rule: NumberRule): Rule<number> {
  return (where, option, value) => requireNumber(where, option, value, rule);
}

/** A finite duration. A caller who wants no limit leaves the option out. */
export const milliseconds = number({ min: 0 });

/** A number of things, 1 or more. */
export const count = number({ min: 1, integer: true });

/** An object with options of its own. */
export function object<O>(rules: Rules<O>): Rule<O> {
  const known = Object.keys(rules);
  const entries: [string, Rule<never>][] = Object.entries(rules);
  return (where, option, value) => {
    knownOptions(`${where}: ${option}`, value, known);
    const values = value as Readonly<Record<string, unknown>>;
    for (const [key, rule] of entries) rule(where, `${option}.${key}`, values[key]);
  };
}

/** An object that has these methods, such as a store. It may have more. */
export function having<T>(...methods: readonly (keyof T & string)[]): Rule<T> {
  return (where, option, value) => {
    for (const method of methods) {
      requireFunction(where, `${option}.${method}`, (value as Partial<T> | null | undefined)?.[method]);
    }
  };
}

/** An object whose keys the author chooses, such as a table of prices. */
export function recordOf<T>(rule: Rule<T>): Rule<Readonly<Record<string, T>>> {
  return (where, option, value) => {
    requirePlain(where, option, 'must be an object such as { key: value }', value);
    for (const [key, each] of Object.entries(value as object)) rule(where, `${option}[${show(key)}]`, each);
  };
}
