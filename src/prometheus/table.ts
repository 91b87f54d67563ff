/** The metrics of the scrape and their series, within the limits. */
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { schema } from '../../views/index.ts';
import { telemetry } from '../../views/telemetry.ts';
import { copyText } from '../platform/copy-text.ts';
import type { DropReason } from '../telemetry/scrapes.ts';
import { combineOf, isPerWorker } from './combine.ts';
import { createSeries, type Family, type FamilyType, sampleNames, samplesOf } from './family.ts';
import { foldedOf } from './folded.ts';

import {
  copyOf,
  cut,
  isShared,
  joinLabels,
  labelKey,
  labelText,
  metricName,
  OTHER,
  otherLabels,
  RESERVED,
} from './names.ts';

import { QuickKey } from './quick-key.ts';

import { createRoom, type Room } from './room.ts';
import { DATA_POINT } from './sdk-values.ts';
import type { Series, Stream } from './series.ts';
import {
  createStream,
  helpOf,
  isObservable,
  isOverflow,
  isSameScope,
  meaningOf,
  scopeLabels,
  scopeOf,
} from './stream.ts';
import type { Tell } from './tell.ts';

export interface TableOptions {
  readonly prefix: string;
  readonly maxSeriesPerMetric: number;
  readonly maxSamples: number;
  /** Whether every series has the labels of its scope. Otherwise only those have them that need them to be unique. */
  readonly withScope: boolean;
  /** Whether metrics of a process have one series per process and thread. */
  readonly workerLabel?: boolean | undefined;
  readonly tell: Tell;
}

/** Counts and reports a measurement that no scrape shows. */
type Drop = (reason: DropReason, message: string) => undefined;

/** One metric of a report. */
export interface Reported {
  readonly type: FamilyType;
  readonly scope: InstrumentationScope;
  readonly metric: MetricData;
}

type Bounds = readonly number[] | undefined;

/**
 * The most samples that are kept for the metrics of this package, whatever a program has of its own: for the series
 * `__other__` of each, and for all series of those about telemetry, which say what has no room.
 */
const KEPT_SAMPLES = 500;
/** The labels of the series `__other__` are not longer. */
const MAX_OTHER_LENGTH = 1_024;

export class Table implements Iterable<Family> {
  readonly #families = new Map<string, Family>();
  /** The names of the lines of all metrics. */
  readonly #names = new Set<string>(['target_info']);
  readonly #options: TableOptions;
  readonly #drop: Drop;
  readonly #room: Room;
  readonly #keptRoom: Room;
  readonly #ours: ReadonlySet<string>;
  readonly #aboutTelemetry: ReadonlySet<string>;
  #keys = new WeakMap<Attributes, string>();
  #reserved: ReadonlySet<string> = RESERVED;
  #quickKey = new QuickKey(RESERVED);

  constructor(options: TableOptions, drop: Drop) {
    this.#options = options;
    this.#drop = drop;
    const keptSamples = Math.min(KEPT_SAMPLES, Math.floor(options.maxSamples / 10));
    this.#room = createRoom(options.maxSamples - keptSamples);
    this.#keptRoom = createRoom(keptSamples);
    this.#ours = new Set(schema.map(({ metric }) => `${options.prefix}${metric}`));
    this.#aboutTelemetry = new Set(telemetry.map(({ metric }) => `${options.prefix}${metric}`));
  }

  [Symbol.iterator](): Iterator<Family> {
    return this.#families.values();
  }

  /** Whether a line has this name. */
  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  /** Keeps the names of these labels free, because every series gets them when it is written. */
  reserve(names: Iterable<string>): void {
    const reserved = new Set([...RESERVED, ...names]);
    if (reserved.size === this.#reserved.size && [...reserved].every((name) => this.#reserved.has(name))) return;
    this.#reserved = reserved;
    this.#keys = new WeakMap();
    this.#quickKey = new QuickKey(reserved);
    // The attributes of the resource can become known after the first report.
    for (const family of this.#families.values()) {
      const all = [...family.series.values()];
      family.series.clear();
      for (const series of all) {
        const key = joinLabels(labelKey(series.attributes, reserved), series.stream.keyEnd);
        series.labels = labelText(series.attributes, reserved);
        (family.series as Map<string, Series>).set(key, series);
      }
    }
  }

  /** The family and the stream of an instrument; `undefined`, and told, when the scrape cannot have it. */
  open({ type, scope, metric }: Reported, bounds: Bounds): readonly [Family, Stream] | undefined {
    const base = metricName(metric.descriptor.name, this.#options.prefix);
    if (base === undefined) return this.#drop('name', `${named(metric)} is not the name of a metric`);
    const name = type === 'counter' && !base.endsWith('_total') ? `${base}_total` : base;
    const family = this.#families.get(name) ?? this.#createFamily(name, type, scopeOf(scope), metric, bounds);
    if (family === undefined) return undefined;
    if (family.type !== type) {
      return this.#drop(
        'conflict',
        `${named(metric)} is a ${type}, and there is a ${family.type} with the name ${name}`,
      );
    }
    family.help ||= helpOf(metric);
    const isFirst = isSameScope(family.scope, scopeOf(scope));
    if (!isFirst && !this.#options.withScope) {
      this.#options.tell('scope', `Several scopes have a metric ${name}: the label otel_scope_name keeps them apart`);
    }
    const labels = scopeLabels(scope);
    const inScope = {
      scopeLabels: isFirst && !this.#options.withScope ? '' : labels,
      keyEnd: isFirst ? '' : labels,
    };
    return [family, createStream(scopeOf(scope), metric, inScope)];
  }

  #createFamily(
    name: string,
    type: FamilyType,
    scope: InstrumentationScope,
    metric: MetricData,
    bounds: Bounds,
  ): Family | undefined {
    const names = sampleNames(name, type);
    if (names.some((each) => this.#names.has(each))) {
      return this.#drop('conflict', `${named(metric)} would have lines with the names of another metric`);
    }
    const help = helpOf(metric);
    // Room for its series __other__.
    const room = this.#ours.has(name) ? this.#keptRoom : this.#room;
    if (!room.take(samplesOf(bounds), 2 * name.length + help.length)) {
      return this.#drop('limit', `There is no room for the metric ${name}`);
    }
    for (const each of names) this.#names.add(each);
    const { unit } = metric.descriptor;
    const isSum = 'isMonotonic' in metric;
    const family = {
      name,
      type,
      help,
      unit: cut(String(unit ?? '')),
      bounds,
      combine: combineOf(name, isSum),
      perWorker: this.#options.workerLabel === true && isPerWorker(name, isSum),
      scope,
      series: new Map(),
      other: undefined,
    } as Family;
    this.#families.set(name, family);
    return family;
  }

  /**
   * The series of a measurement; `undefined`, and told, when the scrape cannot have it.
   *
   * @param isMeasured whether it adds something; only that counts as folded
   */
  seriesOf(
    [family, stream]: readonly [Family, Stream],
    metric: MetricData,
    attributes: Attributes,
    bounds: Bounds,
    isMeasured: boolean,
  ): Series | undefined {
    if (isOverflow(attributes)) return this.#fold(family, stream, metric, attributes, isMeasured);
    const key = joinLabels(this.#keyOf(attributes), stream.keyEnd);
    const known = family.series.get(key) as Series | undefined;
    if (known !== undefined) {
      if (known.stream === stream || (known === family.other && addsUp(known.stream, stream))) return known;
      return this.#drop(
        'conflict',
        `${named(metric)} has labels that another instrument with the metric ${family.name} has`,
      );
    }
    const isFull = family.series.size >= this.#options.maxSeriesPerMetric - (family.other === undefined ? 1 : 0);
    const room = this.#roomOf(family);
    // A histogram at 0 is many lines that say nothing yet: they do not take the place of what is measured. What was folded
    // of it before stays observed.
    if (!isMeasured && bounds !== undefined && room === this.#room && room.isHalfTaken) return family.other;
    const length = family.name.length + key.length + stream.scopeLabels.length;
    if (isFull || !room.take(samplesOf(bounds), length)) {
      return this.#fold(family, stream, metric, attributes, isMeasured);
    }
    return this.#create(family, stream, key, copyOf(attributes), bounds);
  }

  /** A series that will not come back. */
  remove(family: Family, key: string): void {
    const { scopeLabels } = family.series.get(key)?.stream ?? { scopeLabels: '' };
    family.series.delete(key);
    this.#roomOf(family).give(samplesOf(family.bounds), family.name.length + key.length + scopeLabels.length);
  }

  #roomOf({ name }: Family): Room {
    return this.#aboutTelemetry.has(name) ? this.#keptRoom : this.#room;
  }

  /** The series for what is above the limits; `undefined` where several values have no sum, or an unknown one. */
  #fold(
    family: Family,
    stream: Stream,
    metric: MetricData,
    attributes: Attributes,
    isMeasured: boolean,
  ): Series | undefined {
    const values = Object.values(attributes);
    // The tables of the primitives have such a series of their own.
    const isOther = values.length > 0 && values.every((value) => value === OTHER);
    if (!isOther) {
      if (isMeasured) foldedOf(family.name).value += 1;
      this.#options.tell(
        'folded',
        `${family.name} has more series than the limits allow: what is new goes to labels with the value ${OTHER}. ` +
          'Leave out labels that have many values, or raise maxSeriesPerMetric and maxSamples',
      );
      // Of observed sums the SDK does not know what was added.
      if (meaningOf(metric) !== 'delta' || (isOverflow(attributes) && isObservable(metric))) return undefined;
    }
    family.other ??= this.#otherOf(family, stream, attributes) as never;
    return family.other !== undefined && addsUp(family.other.stream, stream) ? family.other : undefined;
  }

  #otherOf(family: Family, stream: Stream, attributes: Attributes): Series {
    // The SDK does not say whose labels its overflow had.
    const [first] = isOverflow(attributes) ? family.series.values() : [];
    let other = otherLabels(first?.attributes ?? attributes, this.#reserved);
    let key = labelKey(other, this.#reserved);
    if (key === '' || key.length > MAX_OTHER_LENGTH) {
      other = { 'otel.metric.overflow': OTHER };
      key = labelKey(other, this.#reserved);
    }
    key = joinLabels(key, stream.keyEnd);
    return family.series.get(key) ?? this.#create(family, stream, key, other, family.bounds);
  }

  #create(family: Family, stream: Stream, key: string, attributes: Attributes, bounds: Bounds): Series {
    // In one piece: V8 keeps a text that was put together as the tree of its parts.
    const kept = copyText(key);
    const shown = labelText(attributes, this.#reserved);
    // Usually they are the same text, which is then in memory once.
    const series = createSeries(family.type, stream, shown === key ? kept : copyText(shown), attributes, bounds);
    (family.series as Map<string, Series>).set(kept, series);
    return series;
  }

  #keyOf(attributes: Attributes): string {
    const known = this.#keys.get(attributes);
    if (known !== undefined) return known;
    const key = this.#quickKey.of(attributes) ?? labelKey(attributes, this.#reserved);
    if (isShared(attributes)) this.#keys.set(attributes, key);
    return key;
  }
}

/** Whether values of both can be in one series. Those of a gauge replace one another. */
function addsUp(one: Stream, other: Stream): boolean {
  const isValue = ({ metric }: Stream) => metric.dataPointType === DATA_POINT.gauge;
  return one === other || !(isValue(one) || isValue(other));
}

export function named({ descriptor }: MetricData): string {
  return `The metric ${JSON.stringify(cut(String(descriptor.name), 100))}`;
}
