/** The generated dashboards, with types for the fields that the tests read. */
import { readdirSync, readFileSync } from 'node:fs';

export const FOLDER = new URL('../../../collector/grafana/', import.meta.url);

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly legendFormat?: string;
  readonly format?: string;
  readonly exemplar?: boolean;
}

interface Transformation {
  readonly id: string;
  readonly options: { readonly renameByName?: Readonly<Record<string, string>> };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly transformations?: readonly Transformation[];
  readonly options?: object;
  readonly fieldConfig?: {
    readonly overrides?: readonly {
      /** In an override of a colour: a regular expression of series names, between slashes. */
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: { readonly fixedColor?: string } }[];
    }[];
    readonly defaults: {
      readonly unit?: string;
      readonly decimals?: number;
      readonly min?: number;
      readonly max?: number;
      readonly mappings?: readonly { readonly options: Record<string, { text: string; color: string }> }[];
      readonly thresholds?: { readonly steps: readonly { value: number | null; color: string }[] };
      readonly custom?: { readonly stacking?: { readonly mode: string } };
    };
  };
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query: string;
  readonly datasource?: { readonly uid: string };
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export const dashboards: readonly Dashboard[] = readdirSync(new URL('dashboards/', FOLDER))
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(`dashboards/${file}`, FOLDER), 'utf8')));

/** The panels that have queries: all but rows and the list of alerts. */
export const panelsWithQueries = (dashboard: Dashboard) =>
  dashboard.panels.filter(({ type }) => type !== 'row' && type !== 'alertlist');
