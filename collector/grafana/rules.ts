/**
 * Converts the alerts of Prometheus to rules that Grafana evaluates. A rule of Prometheus fires for each series of its
 * expression, with any value. Grafana needs a condition: each series is replaced by 1, and the condition is "above 0".
 */
import { parse } from 'yaml';

interface PrometheusRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface PrometheusGroups {
  readonly groups: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly PrometheusRule[];
  }[];
}

/** The evaluation interval in the shipped configuration of Prometheus. */
const INTERVAL = '30s';
const FOLDER = 'TTA';
/** The data source of provisioning/datasources. */
const SOURCE = 'prometheus';
const EXPRESSION = { type: '__expr__', uid: '__expr__' };

function data(expr: string): readonly object[] {
  const query = { refId: 'query', datasource: { type: SOURCE, uid: SOURCE }, expr, instant: true, range: false };
  const exists = {
    ...{ refId: 'exists', datasource: EXPRESSION, type: 'math' },
    expression: 'is_number($query) || is_nan($query) || is_inf($query)',
  };
  const aboveZero = { evaluator: { type: 'gt', params: [0] } };
  const fires = {
    ...{ refId: 'fires', datasource: EXPRESSION, type: 'threshold' },
    ...{ expression: 'exists', conditions: [aboveZero] },
  };
  return [
    { refId: 'query', datasourceUid: SOURCE, relativeTimeRange: { from: 600, to: 0 }, model: query },
    { refId: 'exists', datasourceUid: EXPRESSION.uid, queryType: 'math', model: exists },
    { refId: 'fires', datasourceUid: EXPRESSION.uid, queryType: 'threshold', model: fires },
  ];
}

/**
 * Translates an annotation to a Grafana template. Grafana replaces `$NAME` in provisioned files by environment
 * variables, so the result must not have a dollar sign.
 *
 * @throws Error when the annotation uses another variable than `$value` and `$labels`
 */
function toGrafanaTemplate(text: string): string {
  const translated = text.replaceAll('$value', '.Values.query.Value').replaceAll('$labels', '.Labels');
  if (translated.includes('$')) throw new Error(`an annotation must use no variable but $value and $labels: ${text}`);
  return translated;
}

function grafanaRule(source: PrometheusRule, title: string): object {
  const { expr, labels, annotations } = source;
  return {
    uid: title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
    title,
    condition: 'fires',
    data: data(expr.trim()),
    // An alert that does not fire has no series.
    noDataState: 'OK',
    execErrState: 'Error',
    for: source.for ?? '0s',
    ...(source.keep_firing_for === undefined ? {} : { keepFiringFor: source.keep_firing_for }),
    // An alert is resolved as soon as its series is missing, as in Prometheus.
    missing_series_evals_to_resolve: 1,
    annotations: Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, toGrafanaTemplate(text)])),
    labels,
  };
}

/** @param alerts the text of the file of Prometheus alerts */
export function grafanaRules(alerts: string): object {
  const { groups } = parse(alerts) as PrometheusGroups;
  const titles = new Set<string>();
  /** Titles must be unique in a folder of Grafana, so the title of an alert with several windows includes the window. */
  const titleOf = ({ alert, labels }: PrometheusRule) => {
    const title = labels.window === undefined ? alert : `${alert} ${labels.window}`;
    if (titles.has(title))
      throw new Error(`two alerts have the title ${title}: give one of them another name or window`);
    titles.add(title);
    return title;
  };
  return {
    apiVersion: 1,
    groups: groups.map(({ name, interval = INTERVAL, rules }) => ({
      ...{ orgId: 1, name, folder: FOLDER, interval },
      rules: rules.filter(({ alert }) => alert !== undefined).map((source) => grafanaRule(source, titleOf(source))),
    })),
  };
}
