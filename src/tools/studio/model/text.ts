/** A span or a run as plain text, for an issue or for a model to read. */
import { errorLine } from './error.ts';
import { factsOf, type SpanFacts } from './facts.ts';
import { type Row, rowsOf } from './fold.ts';
import type { Message } from './messages.ts';
import type { RunSummary } from './run.ts';
import { endUs, type StudioSpan } from './span.ts';
import { storyOf } from './story.ts';
import { titleOf } from './title.ts';
import type { RunTree, TreeNode } from './tree.ts';
import { waitsAt } from './waits-at.ts';

export interface TextOptions {
  /** Captured messages too. @default false */
  readonly messages?: boolean;
  /** The largest number of characters. @default 50000 */
  readonly maxLength?: number;
}

const MAX_LENGTH = 50_000;
const LONGEST_VALUE = 1_000;
const LONGEST_STACK = 4_000;

/** The run: what the list says of it, its sentence, and its spans as an indented list, equal siblings folded. */
export function runAsText(
  run: RunSummary,
  tree: RunTree,
  { messages = false, maxLength = MAX_LENGTH }: TextOptions = {},
): string {
  const text = new Lines(maxLength);
  text.add(`Run ${oneLine(run.name)} ${run.traceId}: ${run.status}, ${milliseconds(run.durationUs)}`);
  text.add(`Started ${new Date(run.startUs / 1_000).toISOString()}, service ${oneLine(run.service)}`);
  text.add(totalsLine(run));
  text.add(plain(storyOf(tree).text));
  text.add('');
  for (const row of rowsOf(tree).rows) {
    const indent = '  '.repeat(Math.min(row.level, 40));
    if (row.kind === 'fold') text.add(`${indent}${foldLine(row)}`);
    else {
      text.add(`${indent}${spanLine(row.node)}`);
      if (messages) for (const line of messageLines(row.node.span)) text.add(`${indent}    ${line}`);
    }
  }
  return text.end();
}

/** One span with all its attributes and events. Messages are left out unless they are asked for. */
export function spanAsText(node: TreeNode, { messages = false, maxLength = MAX_LENGTH }: TextOptions = {}): string {
  const { span } = node;
  const { error } = factsOf(span);
  const text = new Lines(maxLength);
  text.add(spanLine(node));
  text.add(`Trace ${span.traceId}, span ${span.spanId}, service ${oneLine(span.service)}`);
  text.add(`Started ${new Date(span.startUs / 1_000).toISOString()}`);
  for (const wait of waitsAt(node))
    text.add(`Waited ${milliseconds(wait.durationUs)} (${wait.kind.replace('_', ' ')})`);
  if (error !== null) {
    text.add(`Error ${oneLine(errorLine(error))}`);
    for (const cause of error.causes) text.add(`  caused by ${oneLine(errorLine(cause))}`);
    if (error.stack !== null) text.add(cut(plain(error.stack), LONGEST_STACK));
  }
  for (const [key, value] of Object.entries(span.attributes)) {
    if (!MESSAGES.has(key))
      text.add(`${oneLine(key)}: ${oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value))}`);
  }
  for (const event of span.events) {
    if (event.name === 'exception') continue;
    text.add(
      `Event ${oneLine(event.name)} after ${milliseconds(event.atUs - span.startUs)} ${oneLine(JSON.stringify(event.attributes))}`,
    );
  }
  if (messages) for (const line of messageLines(span)) text.add(line);
  return text.end();
}

const MESSAGES: ReadonlySet<string> = new Set([
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
]);

/** `retry ask: failure, 120 ms, 3 attempts, Error: no answer`. */
export function spanLine(node: TreeNode): string {
  const { span, attempt } = node;
  const facts = factsOf(span);
  const parts = [
    facts.outcome,
    milliseconds(endUs(span) - span.startUs),
    ...(attempt !== null && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...factWords(facts),
    ...(facts.error === null
      ? []
      : [errorLine(facts.error), ...facts.error.causes.map((each) => `caused by ${errorLine(each)}`)]),
  ];
  return oneLine(`${titleOf(span)}: ${node.isMissing ? 'its children only' : parts.join(', ')}`);
}

function factWords(facts: SpanFacts): readonly string[] {
  const {
    model,
    tokens,
    nanodollars,
    unknownDollars,
    attempts,
    cache,
    answeredBy,
    choice,
    firstChunkUs,
    circuitState,
    job,
  } = facts;
  return [
    ...(model !== null && model !== facts.label ? [model] : []),
    ...(tokens.input === null ? [] : [`${tokens.input} tokens in`]),
    ...(tokens.output === null ? [] : [`${tokens.output} tokens out`]),
    ...(nanodollars === null ? [] : [dollars(nanodollars)]),
    ...(unknownDollars === null ? [] : [`dollars unknown (${unknownDollars})`]),
    ...(firstChunkUs === null ? [] : [`first chunk after ${milliseconds(firstChunkUs)}`]),
    ...(attempts === null || attempts < 2 ? [] : [`${attempts} attempts`]),
    ...(cache === null ? [] : [`cache ${cache}`]),
    ...(answeredBy === null ? [] : [`answered by ${answeredBy}`]),
    ...(choice === null ? [] : [`took ${choice}`]),
    ...(circuitState === null ? [] : [`circuit ${circuitState}`]),
    ...(job === null || job.delivery < 2 ? [] : [`delivery ${job.delivery} of a job`]),
  ];
}

function foldLine({ type, label, members, failed, durations, totals }: Extract<Row, { kind: 'fold' }>): string {
  const { median, p95, max } = durations;
  const times = `median ${milliseconds(median / 1_000)}, p95 ${milliseconds(p95 / 1_000)}, slowest ${milliseconds(max / 1_000)}`;
  const errors = failed.slice(0, 3).map(({ span }) => errorLine(factsOf(span).error ?? { type: '', message: '' }));
  const cost = totals.nanodollars === null ? [] : [dollars(totals.nanodollars)];
  return oneLine(
    [
      `${members.length} times ${label === type ? type : `${type} ${label}`}: ${failed.length} failed`,
      times,
      ...cost,
      ...errors,
    ].join(', '),
  );
}

function totalsLine(run: RunSummary): string {
  const unknown = run.unpricedCalls > 0 ? [`${run.unpricedCalls} of unknown dollars`] : [];
  return [
    `${run.spans} spans`,
    `${run.errors} failed`,
    `${run.modelCalls} model calls`,
    ...(run.inputTokens === null ? [] : [`${run.inputTokens} tokens in`]),
    ...(run.outputTokens === null ? [] : [`${run.outputTokens} tokens out`]),
    ...(run.nanodollars === null ? [] : [dollars(run.nanodollars)]),
    ...unknown,
    ...(run.droppedSpans > 0 ? [`${run.droppedSpans} spans are no longer kept`] : []),
  ].join(', ');
}

function messageLines(span: StudioSpan): readonly string[] {
  const conversation = factsOf(span).conversation;
  if (conversation === null) return [];
  const lines = (messages: readonly Message[]) =>
    messages.flatMap(({ role, parts }) =>
      parts.map(({ type, text }) => oneLine(`${role}${type === 'text' ? '' : ` (${type})`}: ${text}`)),
    );
  return [...lines(conversation.system), ...lines(conversation.input), ...lines(conversation.output)];
}

/** Lines up to a number of characters. The end says how many are left out. */
class Lines {
  readonly #maxLength: number;
  readonly #lines: string[] = [];
  #length = 0;
  #left = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  add(line: string): void {
    if (this.#left > 0 || this.#length + line.length + 1 > this.#maxLength) this.#left += 1;
    else {
      this.#lines.push(line);
      this.#length += line.length + 1;
    }
  }

  end(): string {
    return `${[...this.#lines, ...(this.#left > 0 ? [`(${this.#left} more lines are left out)`] : [])].join('\n')}\n`;
  }
}

const cut = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length)}… (${text.length - length} more characters)` : text;
/** A text of a span must not look like a line of ours. */
const oneLine = (text: string) => cut(plain(text.replace(/\s+/g, ' ')).trim(), LONGEST_VALUE);
/** Without what a terminal obeys, or what turns the direction of a text. Lines stay lines. */
const plain = (text: string) => text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
const milliseconds = (us: number) => `${Number((us / 1_000).toFixed(us < 10_000 ? 2 : 0))} ms`;
const dollars = (nanodollars: number) => `$${Number((nanodollars / 1e9).toFixed(6))}`;
