/** Finds and replaces the number that a rule compares with, in the text of the file: comments and layout stay. */

export interface Threshold {
  /** The name of an alert or a recording rule. */
  readonly name: string;
  readonly value: number;
}

export interface ThresholdChange extends Threshold {
  /** The shipped number, as it is written in the file. */
  readonly shipped: string;
}

/** A rule: from its first line to the next rule, the next group or the end. */
const RULE = /^ *- (?:alert|record): (\S+)\n[\s\S]*?(?=^ *- (?:alert|record|name): |(?![\s\S]))/gm;
const EXPRESSION = /^( *)expr: [\s\S]*?(?=^\1\w|(?![\s\S]))/m;
const COMPARISON = /([<>]=?(?: bool)? (?:[\d.]+ \* )?)(-?\d+(?:\.\d+)?)(?=\s*(?:\n|$))/;
const CONSTANT = /(vector\()(\d+(?:\.\d+)?)(?=\)\s*(?:\n|$))/;
/** A condition after these words is about the traffic that an alert needs: its number is no threshold. */
const CONDITION = /\n\s*(?:and|or|unless)\b/;

/** The thresholds of the rules in these texts, by rule name. Rules with the same name can have different thresholds. */
export function findThresholds(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts) {
    for (const [rule, name = ''] of text.matchAll(RULE)) {
      const number = findComparison(EXPRESSION.exec(rule)?.[0] ?? '')?.number;
      if (number !== undefined && !found.get(name)?.includes(number))
        found.set(name, [...(found.get(name) ?? []), number]);
    }
  }
  return found;
}

function findComparison(expression: string): { operator: string; number: string } | undefined {
  const first = expression.split(CONDITION)[0] ?? '';
  const [, operator, number] = CONSTANT.exec(first) ?? COMPARISON.exec(first) ?? [];
  // `>= 0` after a quantile only removes NaN.
  return operator === undefined || number === undefined || (operator === '>= ' && number === '0')
    ? undefined
    : { operator, number };
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
    if (numbers !== undefined) return numbers.map((shipped) => ({ name, value, shipped }));
    const list = [...known].map(([rule, values]) => `  ${rule}=${values.join(' and ')}`).join('\n');
    throw new RangeError(`no rule ${name} has a threshold; these have, as shipped:\n${list}`);
  });
}

/** @param text a YAML file of Prometheus rules, or the JSON file of the same rules for Grafana */
export function replaceThresholds(text: string, changes: readonly ThresholdChange[]): string {
  if (changes.length === 0) return text;
  return text.trimStart().startsWith('{')
    ? inJson(text, changes)
    : text.replaceAll(RULE, (rule, name: string) => {
        const expression = EXPRESSION.exec(rule)?.[0] ?? '';
        const changed = rule.replace(expression, () => changeExpression(expression, name, changes));
        return changeDescription(changed, expression, name, changes);
      });
}

function changeExpression(expression: string, name: string, changes: readonly ThresholdChange[]): string {
  const found = findComparison(expression);
  const change = changes.find((each) => each.name === name && each.shipped === found?.number);
  if (found === undefined || change === undefined) return expression;
  // An alert on an error budget compares two windows with the same threshold, one per line.
  return expression
    .split('\n')
    .map((line) => {
      const end = /\)\s*$/.test(line) && found.operator === 'vector(' ? ')' : '';
      const comparison = `${found.operator}${found.number}${end}`;
      return line.trimEnd().endsWith(comparison)
        ? `${line.trimEnd().slice(0, -comparison.length)}${found.operator}${change.value}${end}`
        : line;
    })
    .join('\n');
}

/** Replaces the number in the description of a rule, also in an alert on a recording rule whose number has changed. */
function changeDescription(
  rule: string,
  expression: string,
  name: string,
  changes: readonly ThresholdChange[],
): string {
  return changes
    .filter((change) => change.name === name || expression.split(/[^\w:]+/).includes(change.name))
    .reduce(
      (text, { shipped, value }) =>
        text.replaceAll(
          new RegExp(`\\b((?:more|less) than )${shipped.replace('.', '\\.')}(?= (?!minute|hour|day)|[,.])`, 'gi'),
          (_, words: string) => words + value,
        ),
      rule,
    );
}

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
      annotations.description = changeDescription(annotations.description ?? '', model.expr, nameOf(title), changes);
      model.expr = changeExpression(model.expr, nameOf(title), changes);
    }
  }
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The name of the rule in a Grafana title. Titles must be unique, so a title can have more words after the name. */
const nameOf = (title: string) => title.split(/[^\w:]/)[0] ?? title;
