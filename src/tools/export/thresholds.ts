/** The number that a rule compares with, read and changed where it stands: the files stay as they are for people. */

export interface Threshold {
  /** Of an alert or a recording rule. */
  readonly name: string;
  readonly value: number;
}

export interface Change extends Threshold {
  /** The shipped number, as it is written. */
  readonly old: string;
}

/** From a rule's first line to the next rule, group or the end. */
const RULE = /^ *- (?:alert|record): (\S+)\n[\s\S]*?(?=^ *- (?:alert|record|name): |(?![\s\S]))/gm;
const EXPRESSION = /^( *)expr: [\s\S]*?(?=^\1\w|(?![\s\S]))/m;
const COMPARISON = /([<>]=?(?: bool)? (?:[\d.]+ \* )?)(-?\d+(?:\.\d+)?)(?=\s*(?:\n|$))/;
const CONSTANT = /(vector\()(\d+(?:\.\d+)?)(?=\)\s*(?:\n|$))/;
/** Behind it stands how much traffic there must be for an alert to make sense. */
const CONDITION = /\n\s*(?:and|or|unless)\b/;

/** The thresholds that the rules in these texts have. A name may have several, of which each counts. */
export function thresholdsIn(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts) {
    for (const [rule, name = ''] of text.matchAll(RULE)) {
      const number = thresholdOf(EXPRESSION.exec(rule)?.[0] ?? '')?.number;
      if (number !== undefined && !found.get(name)?.includes(number))
        found.set(name, [...(found.get(name) ?? []), number]);
    }
  }
  return found;
}

function thresholdOf(expression: string): { head: string; number: string } | undefined {
  const first = expression.split(CONDITION)[0] ?? '';
  const [, head, number] = CONSTANT.exec(first) ?? COMPARISON.exec(first) ?? [];
  // `>= 0` behind a quantile keeps what is no number out.
  return head === undefined || number === undefined || (head === '>= ' && number === '0')
    ? undefined
    : { head, number };
}

/**
 * What has to be changed for `wanted`.
 *
 * @throws RangeError for a name without a threshold, with all that have one
 */
export function changesFor(wanted: readonly Threshold[], ruleFiles: readonly string[]): Change[] {
  const known = thresholdsIn(ruleFiles);
  return wanted.flatMap(({ name, value }) => {
    const old = known.get(name);
    if (old !== undefined) return old.map((one) => ({ name, value, old: one }));
    const list = [...known].map(([each, numbers]) => `  ${each}=${numbers.join(' and ')}`).join('\n');
    throw new RangeError(`no rule ${name} has a threshold; these have, as shipped:\n${list}`);
  });
}

/** A file of Prometheus rules, or of the same rules for Grafana. */
export function withThresholds(text: string, changes: readonly Change[]): string {
  if (changes.length === 0) return text;
  return text.trimStart().startsWith('{')
    ? inJson(text, changes)
    : text.replaceAll(RULE, (rule, name: string) => {
        const expression = EXPRESSION.exec(rule)?.[0] ?? '';
        const changed = rule.replace(expression, () => changeExpression(expression, name, changes));
        return changeWords(changed, expression, name, changes);
      });
}

function changeExpression(expression: string, name: string, changes: readonly Change[]): string {
  const found = thresholdOf(expression);
  const change = changes.find((one) => one.name === name && one.old === found?.number);
  if (found === undefined || change === undefined) return expression;
  // Both windows of a budget alert have the same threshold.
  return expression
    .split('\n')
    .map((line) => {
      const end = /\)\s*$/.test(line) && found.head === 'vector(' ? ')' : '';
      const old = `${found.head}${found.number}${end}`;
      return line.trimEnd().endsWith(old)
        ? `${line.trimEnd().slice(0, -old.length)}${found.head}${change.value}${end}`
        : line;
    })
    .join('\n');
}

/** What the description says of the number, also that of an alert on a recording rule whose number has changed. */
function changeWords(rule: string, expression: string, name: string, changes: readonly Change[]): string {
  return changes
    .filter((change) => change.name === name || expression.split(/[^\w:]+/).includes(change.name))
    .reduce(
      (text, { old, value }) =>
        text.replaceAll(
          new RegExp(`\\b((?:more|less) than )${old.replace('.', '\\.')}(?= (?!minute|hour|day)|[,.])`, 'gi'),
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

function inJson(text: string, changes: readonly Change[]): string {
  const file = JSON.parse(text) as Partial<GrafanaRules>;
  for (const { title, data, annotations } of file.groups?.flatMap(({ rules }) => rules) ?? []) {
    for (const { model } of data) {
      if (model.expr === undefined) continue;
      annotations.description = changeWords(annotations.description ?? '', model.expr, nameOf(title), changes);
      model.expr = changeExpression(model.expr, nameOf(title), changes);
    }
  }
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Grafana wants different titles for the rules of one name: what is added stands behind it. */
const nameOf = (title: string) => title.split(/[^\w:]/)[0] ?? title;
