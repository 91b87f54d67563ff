/** What a panel and a table of the page are. */
import type { NumbersSeries, NumbersUnit } from '../api.ts';
import type { Measure } from './measure.ts';

export interface Line {
  /** `{{label}}` stands for the value of the label. There is one line for each of its values. */
  readonly name: string;
  readonly measure: Measure;
}

export interface PanelRow {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit: NumbersUnit;
  readonly shape: 'lines' | 'stacked' | 'bars' | 'values';
  readonly lines: readonly Line[];
  /** The outcomes of the runs behind a point. */
  readonly status?: string;
  /** The colour of the number, from the value on. @default the palette of the dashboards */
  readonly thresholds?: readonly (readonly [colour: NumbersSeries['colour'], from: number])[];
  /** What the spans do not tell: there are no runs to show. */
  readonly isWithoutRuns?: true;
}

export interface TableRow {
  readonly id: string;
  /** The row of panels that it stands above. */
  readonly row: string;
  readonly title: string;
  readonly description: string;
  readonly of: string;
  /** The name of a line, as of `Line`. */
  readonly name: string;
  readonly columns: readonly (readonly [name: string, unit: NumbersUnit, measure: Measure])[];
}
