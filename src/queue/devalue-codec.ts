import { checkOptions, type Rules } from '../core/check.ts';
import { callback } from '../core/rules.ts';
import { readProperty } from '../platform/read-property.ts';
import { hideSecrets } from '../platform/redact.ts';
import type { Codec } from './codec.ts';
import { parseJson } from './json-codec.ts';
import { isPlainObject } from './json-kinds.ts';
import { MAX_DEPTH } from './strict-json.ts';

/** What the codec uses of the package `devalue`. */
export interface Devalue {
  stringify(value: unknown): string;
  unflatten(parsed: never): unknown;
}

const RULES: Rules<Devalue> = { stringify: callback(), unflatten: callback() };

/**
 * A codec that also keeps dates, maps, sets, bytes, bigints, `undefined` inside of values, cycles, and objects that are
 * referred to twice. Give it the package: `npm install devalue`. A value that the package does not know, such as one of a
 * class of yours, is refused where it is sent. A value may have cycles when it arrives: go through it with that in mind. For
 * many small objects it takes much longer than JSON.
 *
 * @example
 * import * as devalue from 'devalue';
 * const remote = distribute('summarise', summarise, { queue, codec: devalueCodec(devalue) });
 * @throws TypeError when `devalue` lacks a function
 */
export function devalueCodec(devalue: Devalue): Codec {
  const { stringify, unflatten } = devalue ?? {};
  checkOptions('devalueCodec', { stringify, unflatten }, RULES);
  return {
    name: 'devalue',
    encode(value, limit) {
      const what = limit?.what ?? 'input';
      let text: string;
      try {
        text = stringify(value);
      } catch (error) {
        // The error itself refers to the value.
        throw new TypeError(`${what}${pathOf(error)} cannot cross: ${reasonOf(error)}`);
      }
      if (!isBounded(value, text)) throw new TypeError(`${what} cannot cross: it ${UNBOUNDED}`);
      return text;
    },
    decode(text) {
      const parsed = parseJson(text);
      let value: unknown;
      try {
        value = unflatten(parsed as never);
      } catch {
        throw new TypeError('the text is nothing that devalue has written');
      }
      if (!isBounded(value, text)) throw new TypeError(`the value ${UNBOUNDED}`);
      return value;
    },
  };
}

/** The path, as far as it has identifiers and numbers: other keys may be data. */
function pathOf(error: unknown): string {
  const path = readProperty(error, 'path');
  return typeof path === 'string'
    ? hideSecrets(/^(?:(?:\.[A-Za-z_$][\w$]{0,39}|\[\d+\])(?=[.[]|$)){0,12}/.exec(path)?.[0] ?? '')
    : '';
}

function reasonOf(error: unknown): string {
  const message = readProperty(error, 'message');
  return typeof message === 'string' ? hideSecrets(message.slice(0, 200)) : 'devalue failed';
}

const UNBOUNDED = `is nested deeper than ${MAX_DEPTH} levels, or has an array of which almost nothing is set`;

/** Whether it takes no longer to go through a value than its text is long: an array without items may have a length of billions. */
function isBounded(value: unknown, text: string): boolean {
  let left = text.length;
  const seen = new Set<object>();
  const isFine = (each: unknown, level: number): boolean => {
    // Each object is looked at once: there may be cycles.
    if (typeof each !== 'object' || each === null || seen.has(each)) return true;
    if (level > MAX_DEPTH) return false;
    seen.add(each);
    const inner = (part: unknown) => isFine(part, level + 1);
    if (Array.isArray(each)) {
      left -= each.length;
      return left >= 0 && each.every(inner);
    }
    if (each instanceof Map) return [...each].every(([key, part]) => inner(key) && inner(part));
    if (each instanceof Set) return [...each].every(inner);
    return !isPlainObject(each) || Object.values(each).every(inner);
  };
  return isFine(value, 1);
}
