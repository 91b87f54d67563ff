export interface Selector {
  /** The metric; of `{__name__=~"..."}` that pattern. */
  readonly name: string;
  readonly matchers: string;
  /** What stands in brackets behind it. */
  readonly range: string | undefined;
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;
/** A text by itself is an argument of a function; it is matched to be passed over. */
const SELECTOR =
  /"(?:[^"\\]|\\.)*"|(?<![\w$])([a-z_:][\w:]*)?(?:\{((?:"(?:[^"\\]|\\.)*"|[^}"])*)\})?(?:\[([^\]]+)\])?/gi;
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** What an expression of PromQL reads. Knows as much of the language as the dashboards use. */
export function selectors(expression: string): readonly Selector[] {
  const bare = expression.replaceAll(GROUPING, '');
  return [...bare.matchAll(SELECTOR)].flatMap((match) => {
    const [whole, word, matchers = '', range] = match;
    const isFunction = bare
      .slice(match.index + whole.length)
      .trimStart()
      .startsWith('(');
    if (whole === '' || whole.startsWith('"') || isFunction || KEYWORDS.has(whole)) return [];
    return [{ name: word ?? /__name__=~"([^"]*)"/.exec(matchers)?.[1] ?? '', matchers, range }];
  });
}
