/** Reads the shipped rules and their unit tests. */
import { readdirSync } from 'node:fs';
import { collectorPath, collectorText, documents } from './deployment.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One expectation of a unit test: about an alert, or about an expression. */
export interface Expectation {
  readonly file: string;
  readonly alertname?: string;
  readonly exp_alerts?: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
  readonly expr?: string;
  readonly exp_samples?: readonly { readonly labels: string; readonly value: number }[];
}

const ymlIn = (folder: string) =>
  readdirSync(collectorPath(folder))
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => `${folder}/${name}`);

const rules = () =>
  ymlIn('prometheus/rules')
    .flatMap((path) => documents<{ groups: { rules: (RecordingRule | AlertingRule)[] }[] }>(collectorText(path)))
    .flatMap(({ groups }) => groups.flatMap((group) => group.rules));

export const recordingRules = (): RecordingRule[] => rules().filter((rule) => 'record' in rule);
export const alertingRules = (): AlertingRule[] => rules().filter((rule) => 'alert' in rule);

/** The files for `promtool test rules`. */
export const UNIT_TESTS: readonly string[] = ymlIn('prometheus/tests');

interface UnitTest {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly Omit<Expectation, 'file'>[];
    readonly promql_expr_test?: readonly Omit<Expectation, 'file'>[];
  }[];
}

/** Every expectation of every unit test. */
export const expectations = (): Expectation[] =>
  UNIT_TESTS.flatMap((file) =>
    documents<UnitTest>(collectorText(file)).flatMap(({ tests }) =>
      tests.flatMap(({ alert_rule_test: alerts = [], promql_expr_test: samples = [] }) =>
        [...alerts, ...samples].map((each) => ({ file, ...each })),
      ),
    ),
  );

/** The names of metrics in an expression: those that rules record, and those that are scraped. */
export function metricsIn(expr: string): { recorded: string[]; scraped: string[] } {
  const withoutStrings = expr.replace(/"[^"]*"|\[[^\]]*\]/g, ' ');
  const words = withoutStrings.match(/[a-z_][\w:]*/g) ?? [];
  return {
    recorded: words.filter((word) => word.includes(':')),
    scraped: words.filter((word) => /^(?:tta|process|nodejs)_\w+$/.test(word)),
  };
}
