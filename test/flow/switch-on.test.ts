import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoCaseError, switchOn, task } from '../../src/index.ts';
import { settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const shorten = task('shorten', (text: string) => text.slice(0, 3));
const upper = task('upper', (text: string) => text.toUpperCase());
const keep = task('keep', (text: string) => text);
const caseOf = () => telemetry.spans().find(({ name }) => name.startsWith('switch'))?.attributes['tta.switch.case'];

describe('switchOn', () => {
  it('runs the case that the value names and no other', async () => {
    const fit = switchOn((text: string) => (text.length > 3 ? 'long' : 'short'), { long: shorten, short: upper });
    await expect(fit.execute('abcdef')).resolves.toBe('abc');
    telemetry.expectSpans(`
      switch SwitchPrimitive
        task shorten
    `);
    expect(caseOf()).toBe('long');
    await telemetry.expectMetric(
      'tta_primitive_executions_total',
      { primitive_type: 'switch', primitive_name: 'SwitchPrimitive', status: 'success' },
      1,
    );
  });

  it('takes numbers and booleans as they are written', async () => {
    const byLength = switchOn((text: string) => text.length, { 1: upper, 2.5: keep }, shorten);
    await expect(byLength.execute('a')).resolves.toBe('A');
    expect(caseOf()).toBe('1');
    const byEmptiness = switchOn((text: string) => text === '', { true: task('none', () => 'none'), false: upper });
    await expect(byEmptiness.execute('')).resolves.toBe('none');
    await expect(byEmptiness.execute('a')).resolves.toBe('A');
  });

  it('goes to otherwise when there is no case, also for no value and for names that every object has', async () => {
    const values: unknown[] = ['c', undefined, 'constructor', '__proto__', 'toString', Number.NaN];
    const pick = switchOn(
      (i: number) => values[i] as string | undefined,
      { a: keep as never },
      task('rest', () => 0),
    );
    for (const i of values.keys()) await expect(pick.execute(i)).resolves.toBe(0);
    expect(caseOf()).toBe('otherwise');
  });

  it('is refused with the value and the cases where there is no otherwise', async () => {
    const pick = switchOn((text: string) => text, { a: keep, b: upper }, undefined, { name: 'pick' });
    const refused = await pick.execute('x'.repeat(500)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NoCaseError);
    expect(refused).toMatchObject({
      message:
        'pick has no case for what its selector gave, a text of 500 characters; its cases are a, b; give an otherwise to catch the rest',
      primitiveName: 'pick',
      cases: ['a', 'b'],
      value: 'x'.repeat(500),
    });
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'switch', outcome: 'rejected' }, 1);
  });

  it('waits for a selector that takes its time, and gives up on it in the tick of an abort', async () => {
    const soon = switchOn(async (text: string) => (text === 'a' ? 'a' : 'b'), { a: upper, b: keep });
    await expect(soon.execute('a')).resolves.toBe('A');
    const stuck = switchOn((_: string) => new Promise<string>(() => {}), { a: upper });
    const controller = new AbortController();
    const running = stuck.execute('a', { signal: controller.signal });
    await settled();
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('fails with the error of its selector', async () => {
    const error = new Error('no idea');
    const pick = switchOn(
      (_: string): string => {
        throw error;
      },
      { a: upper },
    );
    await expect(pick.execute('a')).rejects.toBe(error);
    expect(caseOf()).toBeUndefined();
  });

  it('is refused at construction when it could not work', () => {
    expect(() => switchOn('a' as never, { a: keep })).toThrow('switchOn: select must be a function, got "a"');
    expect(() => switchOn((text: string) => text, {})).toThrow('switchOn: needs at least one case, got none');
    expect(() => switchOn((text: string) => text, null as never)).toThrow('cases must be an object of primitives');
    expect(() => switchOn((text: string) => text, { a: (() => 1) as never })).toThrow(
      'switchOn: case "a" must be a primitive, got function a; wrap the function: task(\'name\', fn)',
    );
    expect(() => switchOn((text: string) => text, { a: keep }, 'b' as never)).toThrow('otherwise must be a primitive');
    expect(() => switchOn((text: string) => text, { a: keep }, keep, { nam: 'x' } as never)).toThrow(
      'did you mean name?',
    );
  });
});
