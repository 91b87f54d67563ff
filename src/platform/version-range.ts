/** Compares versions and ranges of npm, in the forms that our package.json has. */

function compare(one: readonly number[], other: readonly number[]): number {
  return [0, 1, 2].map((i) => (one[i] ?? 0) - (other[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function numbersOf(text: string): readonly number[] {
  return (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
}

/**
 * Whether a version is in a range: `1.2.3`, `^1.2.3`, `>=1.2`, `<4`, several of them with spaces between (all hold) or
 * with `||` (one holds). A prerelease counts as its release.
 */
export function fits(version: string, range: string): boolean {
  const have = numbersOf(version);
  const holds = (part: string) => {
    const want = numbersOf(part);
    const order = compare(have, want);
    if (part.startsWith('>=')) return order >= 0;
    if (part.startsWith('<')) return order < 0;
    return part.startsWith('^') ? order >= 0 && have[0] === want[0] : order === 0;
  };
  return range.split('||').some((parts) => parts.trim().split(/\s+/).every(holds));
}
