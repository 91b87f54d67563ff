import { describe, expect, it } from 'vitest';
import { breakdownOf } from '../../../../src/tools/studio/model/breakdown.ts';
import { receivedSpan } from '../../../../src/tools/studio/model/clocks.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { type TreeNode, treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { idOf, retryEvent, START_US, span } from './spans.ts';

const HOUR = 3_600_000;
const front = span({ id: 'front', kind: 'server', took: 100 });
const request = span({ id: 'request', parent: 'front', at: 10, took: 80, kind: 'client' });
const far = (at: number, more: Partial<StudioSpan> = {}) =>
  span({ id: 'far', parent: 'request', at, took: 60, kind: 'server', service: 'far', ...more });
const inFar = (at: number) =>
  span({ id: 'inside', parent: 'far', at, took: 30, service: 'far', events: [retryEvent(1, at + 5, 1)] });
const placesOf = (spans: readonly StudioSpan[]) => {
  const { nodes } = treeOf(spans);
  return ['far', 'inside'].map((id) => ((nodes.get(idOf(id)) as TreeNode).span.startUs - START_US) / 1_000);
};

describe('spans of a machine with another clock', () => {
  it.each([
    ['behind', -HOUR],
    ['ahead', HOUR],
  ])('stand within the call that they answer, when it is %s', (_, by) => {
    const spans = [inFar(by + 15), far(by), request, front];
    expect(placesOf(spans)).toEqual([20, 35]);
    const tree = treeOf(spans);
    expect((tree.endUs - tree.startUs) / 1_000).toBe(100);
    expect(tree.nodes.get(idOf('far'))?.shiftUs).toBe((20 - by) * 1_000);
    expect((tree.nodes.get(idOf('inside'))?.span.events[0]?.atUs ?? 0) - START_US).toBe(40_000);
    expect(breakdownOf(tree).time.reduce((sum, { us }) => sum + us, 0)).toBe(100_000);
  });

  it('are copied as they were received', () => {
    const spans = [front, request, far(-HOUR), inFar(15 - HOUR)];
    expect([...treeOf(spans).nodes.values()].map(receivedSpan)).toEqual(spans);
  });

  it('stay where they are when nothing is wrong with their time', () => {
    expect(placesOf([front, request, far(15), inFar(20)])).toEqual([15, 20]);
    // Within what clocks are set to.
    expect(placesOf([front, request, far(9.5), inFar(20)])).toEqual([9.5, 20]);
    // A queue had it for an hour.
    expect(placesOf([front, request, far(HOUR, { kind: 'consumer' }), inFar(HOUR)])).toEqual([HOUR, HOUR]);
    // One clock, whatever it says.
    const sameHost = { resource: { 'host.name': 'one' } };
    const [caller, called] = [{ ...request, ...sameHost }, far(-HOUR, sameHost)];
    expect(placesOf([front, caller, called, { ...inFar(-HOUR), ...sameHost }])).toEqual([-HOUR, -HOUR]);
  });
});
