import { describe, expect, it } from 'vitest';
import { selectors } from './selectors.ts';

describe('the selectors of an expression', () => {
  it.each([
    ['up', [['up', '', undefined]]],
    ['sum by (le, job) (rate(a_total{x="}", y=~"b(\\\\.0)?"}[5m]))', [['a_total', 'x="}", y=~"b(\\\\.0)?"', '5m']]],
    [
      '3600 * a / on (job) group_left () b{c="d"}',
      [
        ['a', '', undefined],
        ['b', 'c="d"', undefined],
      ],
    ],
    [
      'rate({__name__=~"a(_total)?"}[$__range]) and b > bool $__range_s',
      [
        ['a(_total)?', '__name__=~"a(_total)?"', '$__range'],
        ['b', '', undefined],
      ],
    ],
    ['label_replace(a{b="c"}, "d", "$1", "e", ".+;(.+)")', [['a', 'b="c"', undefined]]],
  ])('of %s', (expression, expected) => {
    expect(selectors(expression).map(({ name, matchers, range }) => [name, matchers, range])).toEqual(expected);
  });
});
