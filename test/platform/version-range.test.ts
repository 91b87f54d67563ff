import { describe, expect, it } from 'vitest';
import { fits } from '../../src/platform/version-range.ts';

describe('a version', () => {
  it.each([
    ['1.9.1', '^1.9.0', true],
    ['1.10.0', '^1.9.0', true],
    ['1.8.9', '^1.9.0', false],
    ['2.0.0', '^1.9.0', false],
    ['2.12.0', '2.12.0', true],
    ['2.12.1', '2.12.0', false],
    ['20.19.0', '>=20.19', true],
    ['24.1.0', '>=20.19', true],
    ['20.18.3', '>=20.19', false],
    ['2.0.0', '>=2.0.0 <4', true],
    ['3.1.1', '>=2.0.0 <4', true],
    ['4.0.0', '>=2.0.0 <4', false],
    ['1.30.1', '>=2.0.0 <4', false],
    ['0.301.0', '>=0.200.0 <0.400.0', true],
    ['0.57.2', '>=0.200.0 <0.400.0', false],
    ['7.57.0', '^6.0.0 || ^7.0.0', true],
    ['5.23.2', '^6.0.0 || ^7.0.0', false],
    ['3.0.0-rc.1', '>=2.0.0 <4', true],
  ])('%s within %s: %s', (version, range, expected) => {
    expect(fits(version, range)).toBe(expected);
  });
});
