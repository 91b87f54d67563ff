/** Finds and replaces the number that a rule compares with, in the text of the file: comments and layout stay. */

export interface Threshold {
  /** The name of an alert or a recording rule. */
  readonly name: string;
  readonly value: number;
}

export interface ThresholdChange extends Threshold {
  /** The shipped number, as it is written in the file. */
  readonly shipped: string;
  /** The alerts that compare with this number, themselves or by a recording rule: their texts say it. */
  readonly alerts: readonly string[];
}

/** A rule: from its first line to the next rule, the next group or the end. */
const RULE = /^ *- (?:alert|record): (\S+)\n[\s\S]*?(?=^ *- (?:alert|record|name): |(?![\s\S]))/gm;
/** What an alert means, in the runbook. */
const SECTION = /^## (\S+)\n\n\*\*Means\.\*\* [\s\S]*?(?=\n\n|(?![\s\S]))/gm;
const EXPRESSION = /^( *)expr: [\s\S]*?(?=^\1\w|(?![\s\S]))/m;
/** A number at the end of a line that something is compared with, or the whole of a constant. */
const NUMBER = /([<>]=?(?: bool)? (?:[\d.]+ \* )?|(?<=expr: )vector\()(-?\d+(?:\.\d+)?)(?=\)?\s*(?:\n|$))/g;
/** An alert on an error budget computes how long the budget lasts: its threshold is here too, and all else inside of it. */
const LASTS = /round\(30 \* 86400 \* (?=[\d.]+ \/ \()/;
/** A condition after these words is about the traffic that an alert needs: its number is no threshold. */
const CONDITION = /\n\s*(?:and|or|unless)\b/;
/** What does not hold: `unless ... <= 50` is a condition on the number of `> 50`. */
const OPPOSITE: Readonly<Record<string, string>> = { '> ': '<= ', '< ': '>= ', '>= ': '< ', '<= ': '> ' };

/** The thresholds of the rules in these texts, by rule name. Rules with the same name can have different thresholds. */
export function findThresholds(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts) {
    for (const [rule, name = ''] of text.matchAll(RULE)) {
      const number = findPlaces(EXPRESSION.exec(rule)?.[0] ?? '', name)[0]?.number;
      if (number !== undefined && !found.get(name)?.includes(number))
        found.set(name, [...(found.get(name) ?? []), number]);
    }
  }
  return found;
}

interface Place {
  readonly operator: string;
  readonly number: string;
  /** Where the number begins. */
  readonly at: number;
}

/** Where the expression of a rule has its threshold, outside of all brackets. An alert with two windows has it twice. */
function findPlaces(expression: string, name: string): readonly Place[] {
  const lasts = LASTS.exec(expression);
  const places = [...expression.matchAll(NUMBER)]
    .map(({ index, 1: operator = '', 2: number = '' }) => ({ operator, number, at: index + operator.length }))
    .filter(({ at, operator }) => depth(expression.slice(0, at - operator.length)) === (lasts ? 2 : 0));
  const [first] = places;
  // `>= 0` after a quantile only removes NaN.
  if (first === undefined || (first.operator === '>= ' && first.number === '0')) return [];
  // An alert on a constant fires always.
  if (first.operator === 'vector(' && !name.includes(':')) return [];
  if (CONDITION.test(withoutBrackets(expression.slice(0, first.at)))) return [];
  const operators = [first.operator, OPPOSITE[first.operator]];
  const same = places.filter(({ operator, number }) => operators.includes(operator) && number === first.number);
  return lasts ? [{ ...first, at: lasts.index + lasts[0].length }, ...same] : same;
}

const withoutStrings = (text: string) => text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
const depth = (text: string) =>
  [...withoutStrings(text)].reduce((sum, each) => sum + (each === '(' ? 1 : each === ')' ? -1 : 0), 0);

function withoutBrackets(text: string): string {
  const less = withoutStrings(text).replaceAll(/\([^()]*\)/g, '');
  return less.length < withoutStrings(text).length ? withoutBrackets(less) : less;
}

/**
 * The changes that give the rules the requested thresholds.
 *
 * @throws RangeError for a rule without a threshold; the message lists the rules that have one
 */
export function planChanges(requested: readonly Threshold[], ruleFiles: readonly string[]): ThresholdChange[] {
  const known = findThresholds(ruleFiles);
  return requested.flatMap(({ name, value }) => {
    const numbers = known.get(name);
    const alerts = alertsOf(name, ruleFiles);
    if (numbers !== undefined) return numbers.map((shipped) => ({ name, value, shipped, alerts }));
    const list = [...known].map(([rule, values]) => `  ${rule}=${values.join(' and ')}`).join('\n');
    throw new RangeError(`no rule ${name} has a threshold; these have, as shipped:\n${list}`);
  });
}

function alertsOf(name: string, ruleFiles: readonly string[]): string[] {
  return ruleFiles
    .flatMap((text) => [...text.matchAll(RULE)])
    .filter(([rule]) => (EXPRESSION.exec(rule)?.[0] ?? '').split(/[^\w:]+/).includes(name))
    .map(([, reader = '']) => reader)
    .concat(name);
}

/** @param text a YAML file of Prometheus rules, the JSON file of the same rules for Grafana, or the runbook */
export function replaceThresholds(text: string, changes: readonly ThresholdChange[]): string {
  if (changes.length === 0) return text;
  if (text.trimStart().startsWith('{')) return inJson(text, changes);
  if (text.startsWith('# Runbook'))
    return text.replaceAll(SECTION, (section, name: string) =>
      changeText(section, name, changes, '|(?<![\\w.-])NUMBER(?= %)'),
    );
  return text.replaceAll(RULE, (rule, name: string) => {
    const expression = EXPRESSION.exec(rule)?.[0] ?? '';
    const changed = rule.replace(expression, () => changeExpression(expression, name, changes));
    return changeText(changed, name, changes);
  });
}

function changeExpression(expression: string, name: string, changes: readonly ThresholdChange[]): string {
  const places = findPlaces(expression, name);
  const change = changes.find((each) => each.name === name && each.shipped === places[0]?.number);
  if (change === undefined) return expression;
  return places.reduceRight(
    (text, { at, number }) => text.slice(0, at) + change.value + text.slice(at + number.length),
    expression,
  );
}

/**
 * Replaces the number where a text says it, and where it says a share as a percentage or by what is left of it. All at
 * once: what one number becomes can be another one as shipped.
 *
 * @param more another place for a number, beside `more than NUMBER` and the like
 */
function changeText(text: string, alert: string, changes: readonly ThresholdChange[], more = ''): string {
  const numbers = new Map(
    changes
      .filter(({ alerts }) => alerts.includes(alert))
      .flatMap(({ shipped, value }): [said: string, says: string][] => {
        const number = Number(shipped);
        const itself: [string, string] = [String(Math.abs(number)), String(Math.abs(value))];
        if (!(number > 0 && number < 1)) return [itself];
        return [itself, [percent(number), percent(value)], [percent(1 - number), percent(1 - value)]];
      }),
  );
  if (numbers.size === 0) return text;
  const number = `(?:${[...numbers.keys()].join('|').replaceAll('.', '\\.')})`;
  const places = `\\b(?:more|less|fewer|longer) than NUMBER(?= |[,.](?!\\d))|\\bNUMBER(?= or more )${more}`;
  return text.replaceAll(new RegExp(places.replaceAll('NUMBER', number), 'gi'), (match) =>
    match.replace(/[\d.]+$/, (said) => numbers.get(said) ?? said),
  );
}

const percent = (share: number) => String(Number((100 * share).toFixed(6)));

interface GrafanaRules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly title: string;
      readonly data: readonly { readonly model: { expr?: string } }[];
      readonly annotations: { description?: string };
    }[];
  }[];
}

function inJson(text: string, changes: readonly ThresholdChange[]): string {
  const file = JSON.parse(text) as Partial<GrafanaRules>;
  for (const { title, data, annotations } of file.groups?.flatMap(({ rules }) => rules) ?? []) {
    for (const { model } of data) {
      if (model.expr === undefined) continue;
      annotations.description = changeText(annotations.description ?? '', nameOf(title), changes);
      model.expr = changeExpression(model.expr, nameOf(title), changes);
    }
  }
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The name of the rule in a Grafana title. Titles must be unique, so a title can have more words after the name. */
const nameOf = (title: string) => title.split(/[^\w:]/)[0] ?? title;
