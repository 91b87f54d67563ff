/** The chain of causes that the stack of an error tells, in the ways of several languages. */
export interface ErrorText {
  /** Empty where it is not known. */
  readonly type: string;
  readonly message: string;
  /** Whether it stands beside the one before it, in a list of errors, and is not its cause. */
  readonly isBeside?: boolean;
}

/** `Caused by: ` (Java, and our library), `Caused by (1 of 2): ` (ours), `[cause]: ` (Node.js), ` ---> ` (.NET). */
const CAUSE = /^\s*(?:Caused by(?: \((\d+) of \d+\))?: |\[cause\]: |---> )(.+)/;
/** What Python writes between the stack of a cause and that of what came of it. */
const PYTHON =
  /\n\s*(?:The above exception was the direct cause of the following exception|During handling of the above exception, another exception occurred):\s*\n/;
/** `anyhow` and `eyre` of Rust: indented lines below it, `0: connection refused`. */
const RUST = /^Caused by:$/;
const TYPE = /^([\p{L}_$][\p{L}\p{N}_$.:-]{0,199}?)(?:: (.*)|)$/su;
const MOST_CAUSES = 16;
const LONGEST_MESSAGE = 1_000;
const LONGEST_STACK = 64 * 1024;

/** The cause, the cause of the cause, and so on. */
export function causesIn(stack: string | null): readonly ErrorText[] {
  if (stack === null) return [];
  const text = stack.slice(0, LONGEST_STACK);
  const earlier = text.split(PYTHON).slice(0, -1).reverse();
  const causes = earlier.flatMap((part) => part.trimEnd().split('\n').at(-1) ?? []).map(alone);
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    if (causes.length >= MOST_CAUSES) break;
    const [, place, found] = CAUSE.exec(line) ?? [];
    if (found !== undefined) causes.push({ line: found, isBeside: Number(place) > 1 });
    else if (RUST.test(line.trim())) causes.push(...indentedBelow(lines, i).map(alone));
  }
  return causes.slice(0, MOST_CAUSES).map(errorIn);
}

function indentedBelow(lines: readonly string[], at: number): readonly string[] {
  const end = lines.findIndex((line, i) => i > at && !/^\s+\S/.test(line));
  return lines.slice(at + 1, end < 0 ? undefined : end).map((line) => line.replace(/^\s+(?:\d+: )?/, ''));
}

const alone = (line: string) => ({ line, isBeside: false });

function errorIn({ line, isBeside }: ReturnType<typeof alone>): ErrorText {
  const text = line.trim().replace(/ \{$/, '').slice(0, LONGEST_MESSAGE);
  const [, type, message] = TYPE.exec(text) ?? [];
  const said = type === undefined ? { type: '', message: text } : { type, message: message ?? '' };
  return isBeside ? { ...said, isBeside } : said;
}
