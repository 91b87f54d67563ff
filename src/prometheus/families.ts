/**
 * The table of the scrape: what the SDK has reported since the last time is added to what was there. So the number of
 * series has a limit, which the SDK's own memory of a pull reader has not.
 */
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { type DropReason, droppedMeasurements } from '../telemetry/scrapes.ts';
import { addExemplars, addTo, amountOf, hideGauge, isUsableSum } from './accumulate.ts';
import { type Family, samplesOf } from './family.ts';
import { copyOf } from './names.ts';
import { nameOfSource, type Point, SELF, type Series, type Source, type Stream } from './series.ts';
import { isExponential, keyOf, meaningOf, typeOf } from './stream.ts';
import { named, type Reported, Table, type TableOptions } from './table.ts';
import { A_FEW } from './tell.ts';

export interface FamiliesOptions extends TableOptions {
  /** How long a series without measurements is shown, in milliseconds. */
  readonly seriesTtlMs: number;
}

/** One report of one source. */
interface Report {
  readonly source: Source;
  readonly id: number;
  readonly now: number;
}

/** Some tenths of a millisecond. One metric can have any number of points: the SDK has no limit between two readers. */
const POINTS_OF_PART = 256;
const BY_A_VIEW = 'where it is made, or by a view of the MeterProvider';
const TO_DO: Readonly<Record<DropReason, string>> = {
  name: `Give it a name with letters or digits ${BY_A_VIEW}`,
  conflict: `Give it another name or other labels ${BY_A_VIEW}`,
  unsupported: 'Give it another aggregation by a view of the MeterProvider',
  invalid: '',
  limit: 'Raise maxSamples of the exporter, and sample_limit of Prometheus with it, or drop metrics by a view',
};

export class Families implements Iterable<Family> {
  readonly #streams = new Map<string, readonly [Family, Stream]>();
  readonly #options: FamiliesOptions;
  #table: Table;
  #reserved: readonly string[] = [];
  #reports = 0;
  /** Whether the series have all that this process has measured, and nothing else. */
  #isWhole = true;

  constructor(options: FamiliesOptions) {
    this.#options = options;
    this.#table = this.#createTable();
  }

  #createTable(): Table {
    return new Table(this.#options, (reason, message) => this.#drop(reason, message));
  }

  /** Adds everything that `source` has measured since its last report. Never throws. */
  add(source: Source, scopes: readonly ScopeMetrics[]): void {
    for (const _ of this.adding(source, scopes));
  }

  /** As `add`, in parts. */
  *adding(source: Source, scopes: readonly ScopeMetrics[]): Generator<void> {
    this.#reports += 1;
    if (source !== SELF) this.#isWhole = false;
    const report: Report = { source, id: this.#reports, now: systemClock.now() };
    for (const each of scopes) {
      let metrics: readonly MetricData[] = [];
      this.#guarded(() => {
        metrics = [...each.metrics];
      });
      for (const metric of metrics) {
        let parts: readonly (() => void)[] = [];
        this.#guarded(() => {
          parts = this.#partsOf(report, each.scope, metric);
        });
        for (const add of parts) {
          add();
          yield;
        }
      }
    }
    this.#hideUnobserved(report);
  }

  /** Removes the gauges of a process that has ended, and the series that are its own. What it has counted stays. */
  remove(source: Source): void {
    for (const family of this.#table) {
      for (const [key, series] of family.series) {
        if (series.own?.source === source) this.#table.remove(family, key);
        else if ('values' in series) {
          series.values.delete(source);
          series.hidden?.delete(source);
        }
      }
    }
  }

  /**
   * Removes the series of an instrument that its last report does not have. Its next report is to have the whole of a sum
   * that it has again.
   *
   * @returns `false` where a sum would have that twice
   */
  forget(scope: InstrumentationScope, metric: MetricData): boolean {
    const [family, stream] = this.#streams.get(keyOf(scope, metric)) ?? [];
    const isSum = meaningOf(metric) !== 'value';
    if (isSum && (!this.#isWhole || family?.other !== undefined)) return false;
    if (family !== undefined) {
      for (const [key, series] of family.series) {
        if (series.stream === stream && !isObserved(series)) this.#table.remove(family, key);
      }
    }
    return true;
  }

  /** Removes everything. */
  clear(): void {
    this.#isWhole = false;
    this.#streams.clear();
    this.#table = this.#createTable();
    this.#table.reserve(this.#reserved);
  }

  /** Keeps the names of these labels free, because every series gets them when it is written. */
  reserve(names: Iterable<string>): void {
    this.#reserved = [...names];
    this.#table.reserve(this.#reserved);
  }

  [Symbol.iterator](): Iterator<Family> {
    return this.#table[Symbol.iterator]();
  }

  /** Whether a line has this name. */
  hasName(name: string): boolean {
    return this.#table.hasName(name);
  }

  /** The series of a metric that are there now. */
  *shown(family: Family): IterableIterator<Series> {
    const since = systemClock.now() - this.#options.seriesTtlMs;
    for (const series of family.series.values()) {
      if (isObserved(series) && series.changedAt >= since) yield series;
    }
  }

  /** How many series are there now, and how many lines they are. */
  get size(): { readonly series: number; readonly samples: number } {
    const size = { series: 0, samples: 0 };
    for (const family of this.#table) {
      for (const series of this.shown(family)) {
        size.series += 1;
        size.samples += samplesOf('bounds' in series ? series.bounds : undefined);
      }
    }
    return size;
  }

  /** Sources of metrics can be foreign: they can report anything. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      this.#drop('invalid', 'What a source of metrics has reported is not a metric');
    }
  }

  #drop(reason: DropReason, message: string): undefined {
    droppedMeasurements(reason).value += 1;
    const toDo = TO_DO[reason];
    this.#options.tell(reason, `${message}: the scrape is without it${toDo && `. ${toDo}`}`, A_FEW);
  }

  /** What adds the points of a metric. */
  #partsOf(report: Report, scope: InstrumentationScope, metric: MetricData): readonly (() => void)[] {
    const key = keyOf(scope, metric);
    const type = typeOf(metric);
    if (type === undefined) {
      this.#drop('unsupported', `${named(metric)} has a type that is not known`);
      return [];
    }
    if (isExponential(metric)) {
      const what = `${named(metric)} is an exponential histogram: the scrape shows its count and its sum, and no buckets. A view can give it bounds`;
      this.#options.tell('exponential', what, A_FEW);
    }
    const reported = { type, scope, metric };
    const points: readonly Point[] = [...(metric.dataPoints as readonly Point[])];
    return Array.from({ length: Math.ceil(points.length / POINTS_OF_PART) }, (_, part) => () => {
      for (const point of points.slice(part * POINTS_OF_PART, (part + 1) * POINTS_OF_PART)) {
        this.#guarded(() => this.#addPoint(report, key, reported, point));
      }
    });
  }

  #addPoint(report: Report, key: string, reported: Reported, point: Point): undefined {
    const { type, metric } = reported;
    const meaning = meaningOf(metric);
    const value = amountOf(type, meaning !== 'value', point);
    if (value === undefined) return this.#drop('invalid', `${named(metric)} has a value that a ${type} cannot have`);
    const bounds = typeof value === 'number' ? undefined : value.bounds;
    const known = this.#streams.get(key);
    const found = known ?? this.#table.open(reported, bounds);
    if (found === undefined) return;
    const [family, stream] = found;
    const isMeasured = meaning === 'value' || (typeof value === 'number' ? value !== 0 : value.count > 0);
    const attributes = family.perWorker ? withWorker(point.attributes, report.source) : point.attributes;
    const series = this.#table.seriesOf(found, metric, attributes, bounds, isMeasured);
    if (series === undefined) return;
    if (family.perWorker && series !== family.other)
      series.own ??= { source: report.source, attributes: copyOf(point.attributes) };
    // Only now: any number of instruments can have the name of this metric, and no series of their own.
    if (known === undefined && series.stream === stream) this.#streams.set(key, found);
    if (meaning !== 'delta' && series.report === report.id && series.observer === report.source) {
      return this.#drop('conflict', `Two values of ${family.name} have the same labels`);
    }
    if (typeof value === 'object' && value.sum !== undefined && !isUsableSum(value)) {
      this.#drop('invalid', `${named(metric)} has a sum that is negative or not a number`);
    }
    if (addTo(series, report.source, value, meaning) || series.report === 0) series.changedAt = report.now;
    if (point.exemplars !== undefined) addExemplars(series, point.exemplars);
    series.report = report.id;
    series.observer = report.source;
  }

  #hideUnobserved({ source, id }: Report): void {
    for (const family of this.#table) {
      for (const series of family.series.values()) {
        if (series.report === id || !series.stream.observable) continue;
        if ('values' in series) hideGauge(series, source);
        // What another process has counted stays: it may have ended.
        else if (source === SELF && series.observer === source) series.observer = undefined;
      }
    }
  }
}

/** Whether a source has it in its last report. What is not observed, but measured, always is. */
function isObserved(series: Series): boolean {
  return 'values' in series ? series.values.size > 0 : series.observer !== undefined;
}

function withWorker(attributes: Attributes, source: Source): Attributes {
  const { worker: exported_worker, ...others } = attributes;
  return { ...others, ...(exported_worker === undefined ? {} : { exported_worker }), worker: nameOfSource(source) };
}
