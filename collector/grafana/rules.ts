/**
 * The alerts of Prometheus as rules that Grafana evaluates itself. A rule of Prometheus fires for each series that its
 * expression gives, whatever the value: Grafana wants a condition, so a series that is there becomes 1 and is above 0.
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

/** Prometheus evaluates this often by the configuration that we ship. */
const INTERVAL = '30s';
const FOLDER = 'TTA';
/** The data source of provisioning/datasources. */
const SOURCE = 'prometheus';
const EXPRESSION = { type: '__expr__', uid: '__expr__' };

function data(expr: string): readonly object[] {
  const asked = { refId: 'query', datasource: { type: SOURCE, uid: SOURCE }, expr, instant: true, range: false };
  const there = {
    ...{ refId: 'there', datasource: EXPRESSION, type: 'math' },
    expression: 'is_number($query) || is_nan($query) || is_inf($query)',
  };
  const above = { evaluator: { type: 'gt', params: [0] } };
  const fires = { refId: 'fires', datasource: EXPRESSION, type: 'threshold', expression: 'there', conditions: [above] };
  return [
    { refId: 'query', datasourceUid: SOURCE, relativeTimeRange: { from: 600, to: 0 }, model: asked },
    { refId: 'there', datasourceUid: EXPRESSION.uid, queryType: 'math', model: there },
    { refId: 'fires', datasourceUid: EXPRESSION.uid, queryType: 'threshold', model: fires },
  ];
}

/**
 * A text for Grafana's templates. Provisioning takes a dollar for a name in the environment, so none may be left.
 *
 * @throws Error where one is
 */
function template(text: string): string {
  const translated = text.replaceAll('$value', '.Values.query.Value').replaceAll('$labels', '.Labels');
  if (translated.includes('$')) throw new Error(`an annotation must use no variable but $value and $labels: ${text}`);
  return translated;
}

function rule(from: PrometheusRule, title: string): object {
  const { expr, labels, annotations } = from;
  return {
    uid: title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
    title,
    condition: 'fires',
    data: data(expr.trim()),
    // No series is what an alert that does not fire looks like.
    noDataState: 'OK',
    execErrState: 'Error',
    for: from.for ?? '0s',
    ...(from.keep_firing_for === undefined ? {} : { keepFiringFor: from.keep_firing_for }),
    // Gone from the answer is resolved at once, as with Prometheus.
    missing_series_evals_to_resolve: 1,
    annotations: Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, template(text)])),
    labels,
  };
}

/** @param alerts the text of Prometheus' file of alerts */
export function grafanaRules(alerts: string): object {
  const { groups } = parse(alerts) as PrometheusGroups;
  const titles = new Set<string>();
  /** Grafana tells rules of a folder apart by their title: degrees of one alert carry their window in it. */
  const titled = ({ alert, labels }: PrometheusRule) => {
    const title = labels.window === undefined ? alert : `${alert} ${labels.window}`;
    if (titles.has(title)) throw new Error(`two alerts are titled ${title}: give one of them another name or window`);
    titles.add(title);
    return title;
  };
  return {
    apiVersion: 1,
    groups: groups.map(({ name, interval = INTERVAL, rules }) => ({
      ...{ orgId: 1, name, folder: FOLDER, interval },
      rules: rules.filter(({ alert }) => alert !== undefined).map((each) => rule(each, titled(each))),
    })),
  };
}
