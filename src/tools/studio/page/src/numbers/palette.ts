/** The colours of the dashboards, as Grafana has them for light and dark pages. */
import type { NumbersSeries } from '../../../api.ts';

const LIGHT = {
  green: '#56a64b',
  yellow: '#f2cc0c',
  blue: '#3274d9',
  orange: '#ff780a',
  red: '#e02f44',
  purple: '#a352cc',
  'dark-green': '#19730e',
  'dark-yellow': '#cc9d00',
  'dark-blue': '#1250b0',
  'dark-orange': '#e55400',
} as const;
const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  green: '#73bf69',
  yellow: '#fade2a',
  blue: '#5794f2',
  orange: '#ff9830',
  red: '#f2495c',
  purple: '#b877d9',
  'dark-green': '#37872d',
  'dark-yellow': '#e0b400',
  'dark-blue': '#1f60c4',
  'dark-orange': '#fa6400',
};
/** The order in which Grafana gives colours to lines. */
const ORDER = Object.keys(LIGHT) as (keyof typeof LIGHT)[];

/** @param index of the line in its panel */
export function colourOf(colour: NumbersSeries['colour'], index: number, dark: boolean): string {
  return (dark ? DARK : LIGHT)[colour ?? ORDER[index % ORDER.length] ?? 'green'];
}
