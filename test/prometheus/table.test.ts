import { ValueType } from '@opentelemetry/api';
import { AggregationType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { total } from '../support/scrape.ts';
import { ownMeter } from './own-meter.ts';

describe('metrics with names that meet', () => {
  it('are apart by the scope when two scopes have one name', async () => {
    const { provider, lines } = ownMeter();
    provider.getMeter('a').createCounter('jobs').add(1, { kind: 'x' });
    provider.getMeter('b', '2').createCounter('jobs').add(2, { kind: 'x' });
    expect(await lines()).toEqual([
      'jobs_total{kind="x"} 1',
      'jobs_total{kind="x",otel_scope_name="b",otel_scope_version="2"} 2',
    ]);
  });

  it('all have the labels of their scope by default, as in the exporter of OpenTelemetry', async () => {
    const { provider, lines } = ownMeter({ withoutScopeInfo: false });
    provider.getMeter('a', '1', { schemaUrl: 'https://x' }).createCounter('jobs').add(1, { 'otel.scope.name': 'mine' });
    expect(await lines()).toEqual([
      'jobs_total{exported_otel_scope_name="mine",otel_scope_name="a",otel_scope_schema_url="https://x",otel_scope_version="1"} 1',
    ]);
  });

  it('are one metric where their labels differ, and the later one loses those that do not', async () => {
    const { provider, lines } = ownMeter();
    const meter = provider.getMeter('a');
    meter.createCounter('foo').add(1, { kind: 'x' });
    meter.createCounter('foo_total').add(2, { kind: 'x' });
    meter.createCounter('foo.total').add(4, { kind: 'y' });
    expect(await lines()).toEqual(['foo_total{kind="x"} 1', 'foo_total{kind="y"} 4']);
  });

  it('are without the later one when the types differ', async () => {
    const { provider, lines } = ownMeter();
    provider.getMeter('a').createUpDownCounter('foo').add(1);
    provider.getMeter('b').createHistogram('foo').record(2);
    expect(await lines()).toEqual(['foo{} 1']);
  });

  it('are without the later one when its lines have the names of another', async () => {
    const { provider, scrape } = ownMeter({ withoutTargetInfo: false });
    const meter = provider.getMeter('a');
    meter.createHistogram('foo').record(2);
    for (const name of ['foo_count', 'foo_sum', 'foo_bucket', 'target_info']) meter.createUpDownCounter(name).add(7);
    const { samples } = await scrape();
    expect(samples.filter(({ value }) => value === 7)).toEqual([]);
    expect(total({ samples, types: new Map() }, 'target_info')).toBe(1);
  });
});

describe('values', () => {
  it('that are no numbers cost one report, and not the sum', async () => {
    const { provider, lines } = ownMeter();
    const counter = provider.getMeter('a').createCounter('spent');
    const times = provider.getMeter('a').createHistogram('times', { advice: { explicitBucketBoundaries: [1] } });
    counter.add(1);
    times.record(1);
    await lines();
    counter.add(Number.NaN);
    times.record(Number.POSITIVE_INFINITY);
    await lines();
    counter.add(Number.POSITIVE_INFINITY);
    await lines();
    counter.add(2);
    times.record(2);
    expect(await lines()).toEqual([
      'spent_total{} 3',
      'times_bucket{le="1"} 1',
      'times_bucket{le="+Inf"} 3',
      'times_sum{} 3',
      'times_count{} 3',
    ]);
  });

  it('of gauges can be anything', async () => {
    const { provider, lines } = ownMeter();
    const gauge = provider.getMeter('a').createGauge('temperature', { valueType: ValueType.DOUBLE });
    gauge.record(Number.NaN, { at: 'a' });
    gauge.record(Number.NEGATIVE_INFINITY, { at: 'b' });
    expect(await lines()).toEqual(['temperature{at="a"} NaN', 'temperature{at="b"} -Infinity']);
  });

  it('of an exponential histogram are its count and its sum', async () => {
    const { provider, lines } = ownMeter(
      {},
      { views: [{ instrumentName: '*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }] },
    );
    const times = provider.getMeter('a').createHistogram('times');
    times.record(1);
    await lines();
    times.record(3);
    expect(await lines()).toEqual(['times_bucket{le="+Inf"} 2', 'times_sum{} 4', 'times_count{} 2']);
  });

  it('of bounds that are no numbers, or the same, are in the buckets that are left', async () => {
    const { provider, lines } = ownMeter();
    const boundaries = [Number.NaN, 5, 5, 1, Number.POSITIVE_INFINITY];
    const times = provider.getMeter('a').createHistogram('times', { advice: { explicitBucketBoundaries: boundaries } });
    for (const value of [0.5, 3, 9]) times.record(value);
    const counts = await lines();
    expect(counts.map((line) => line.split(' ')[0])).toEqual([
      'times_bucket{le="1"}',
      'times_bucket{le="5"}',
      'times_bucket{le="+Inf"}',
      'times_sum{}',
      'times_count{}',
    ]);
    expect(counts.at(2)).toBe('times_bucket{le="+Inf"} 3');
  });
});

describe('observed series', () => {
  it('are shown while they are observed, and counts go on from where they were', async () => {
    const { provider, lines } = ownMeter();
    const meter = provider.getMeter('a');
    let kinds: readonly string[] = ['x', 'y'];
    let value = 1;
    const observe = (result: { observe(value: number, attributes: { kind: string }): void }) => {
      for (const kind of kinds) result.observe(value, { kind });
    };
    meter.createObservableCounter('seen').addCallback(observe);
    meter.createObservableUpDownCounter('open').addCallback(observe);
    meter.createObservableGauge('level').addCallback(observe);
    const all = (x: number, y: number) => [
      `seen_total{kind="x"} ${x}`,
      `seen_total{kind="y"} ${y}`,
      ...['open', 'level'].flatMap((name) => [`${name}{kind="x"} ${x}`, `${name}{kind="y"} ${y}`]),
    ];
    expect(await lines()).toEqual(all(1, 1));
    kinds = ['x'];
    value = 5;
    expect(await lines()).toEqual(all(5, 1).filter((line) => line.includes('"x"')));
    kinds = ['x', 'y'];
    value = 9;
    expect(await lines()).toEqual(all(9, 9));
  });
});
