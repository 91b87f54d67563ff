import { expect, it } from 'vitest';
import { Families } from '../../src/prometheus/families.ts';

it('say how many series a scrape shows, without those of a process that has ended', () => {
  const families = new Families({
    prefix: '',
    maxSeriesPerMetric: 10,
    maxSamples: 100,
    withScope: false,
    seriesTtlMs: Number.POSITIVE_INFINITY,
    tell: () => {},
  });
  const point = { attributes: {}, startTime: [0, 0], endTime: [0, 0], value: 1 };
  const sum = { dataPointType: 3, aggregationTemporality: 0, isMonotonic: true, dataPoints: [point] };
  const metrics = [
    { descriptor: { name: 'orders', description: '', unit: '' }, ...sum },
    { descriptor: { name: 'level', description: '', unit: '' }, dataPointType: 2, dataPoints: [point] },
  ];
  families.add('1', [{ scope: { name: 'shop' }, metrics: metrics as never }]);
  expect(families.size).toEqual({ series: 2, samples: 2 });
  families.remove('1');
  expect(families.size).toEqual({ series: 1, samples: 1 });
});
