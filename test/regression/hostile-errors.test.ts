/**
 * What was thrown was asked for its verdict, status and usage as if it were ours: a word that is no outcome, or a getter
 * that throws, replaced the author's error, lost the count and left the execution active for ever.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { VERDICT } from '../../src/telemetry/verdict.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { kinds } from '../contract/kinds.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const trap = () => {
  throw new Error('a trap');
};
const ASKED = [
  'name',
  'message',
  'stack',
  'status',
  'headers',
  'response',
  'retryAfterMs',
  'usage',
  'cause',
  'errors',
  VERDICT,
];
const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  [
    'an error whose getters throw',
    () =>
      Object.defineProperties(
        Object.create(Error.prototype),
        Object.fromEntries(ASKED.map((key) => [key, { get: trap }])),
      ),
  ],
  ['an error whose stack throws', () => Object.defineProperty(new Error('x'), 'stack', { get: trap })],
  ['headers that throw', () => Object.assign(new Error('x'), { headers: { get: trap } })],
  [
    'a proxy that refuses every access',
    () => new Proxy(new Error('x'), { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap }),
  ],
  [
    'a proxy that was revoked',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
];

describe.each(HOSTILE)('%s', (_, make) => {
  // An error that comes from another process is never the same object.
  it.each(kinds.filter(({ crosses }) => !crosses))(
    'comes out of $type as it went in, and is one failure',
    async ({ type, build }) => {
      const thrown = make();
      const caught = await build(() => Promise.reject(thrown))
        .execute('x')
        .then(
          () => undefined,
          (error: unknown) => ({ error }),
        );
      expect(caught !== undefined && caught.error === thrown).toBe(true);
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type, outcome: 'failure' }, 1);
      await telemetry.expectMetric('tta_primitive_active', {}, 0);
      await telemetry.expectMetric('tta_spans_lost_total', {}, 0);
    },
  );
});

it.each(['success', 'nonsense', 'toString', '__proto__', 7, {}])(
  'an error whose own verdict is %j is a plain failure',
  async (verdict) => {
    const error = Object.assign(new Error('x'), { [VERDICT]: verdict });
    await expect(task('t', () => Promise.reject(error)).execute()).rejects.toBe(error);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { outcome: 'failure' }, 1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', {}, 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  },
);
