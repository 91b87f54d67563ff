export interface Selector {
  /** The name of the metric, or the pattern of `{__name__=~"..."}`. */
  readonly name: string;
  readonly matchers: string;
  /** The range in brackets after it, such as `5m`. */
  readonly range: string | undefined;
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;
/** The first alternative is a string that is an argument of a function: it is matched so that it can be skipped. */
const SELECTOR =
  /"(?:[^"\\]|\\.)*"|(?<![\w$])([a-z_:][\w:]*)?(?:\{((?:"(?:[^"\\]|\\.)*"|[^}"])*)\})?(?:\[([^\]]+)\])?/gi;
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** The selectors of a PromQL expression. Only the syntax that the dashboards use is supported. */
export function selectors(expression: string): readonly Selector[] {
  const withoutGrouping = expression.replaceAll(GROUPING, '');
  return [...withoutGrouping.matchAll(SELECTOR)].flatMap((match) => {
    const [whole, word, matchers = '', range] = match;
    const isFunction = withoutGrouping
      .slice(match.index + whole.length)
      .trimStart()
      .startsWith('(');
    if (whole === '' || whole.startsWith('"') || isFunction || KEYWORDS.has(whole)) return [];
    return [{ name: word ?? /__name__=~"([^"]*)"/.exec(matchers)?.[1] ?? '', matchers, range }];
  });
}
