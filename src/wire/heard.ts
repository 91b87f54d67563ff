/** What a reply has said by now. The protocols tell it, in verbs; values of any kind are safe. */
import { laterDollars } from '../ledger/stated-dollars.ts';
import { laterParts, type UsageParts } from '../ledger/usage-parts.ts';
import type { UsageShape } from '../ledger/usage-shapes.ts';
import type { ModelCallEnd } from '../llm/model-call.ts';
import { errorReply } from './error-reply.ts';
import { estimatedTokens } from './estimate.ts';
import { at, entriesOf, nameOf, numberOf, textOf } from './foreign.ts';
import type { OutputMessages, TextKind, ToolCallPart } from './output-messages.ts';

/** The most answers to one request whose finish reasons are kept. */
const MOST_ANSWERS = 16;

/** What a protocol tells of an event, or of a whole body. Each takes a value of any kind, and ignores what is useless. */
export interface Heard {
  model(name: unknown): void;
  id(id: unknown): void;
  usage(usage: unknown): void;
  tier(name: unknown): void;
  /** US dollars, as a number or as a text. */
  dollars(amount: unknown): void;
  text(text: unknown, kind?: TextKind, answer?: unknown): void;
  toolCall(part: ToolCallPart, answer?: unknown): void;
  finished(reason: unknown, answer?: unknown): void;
  failed(error: unknown): void;
  /** This was the protocol's last event, or the whole body. */
  done(): void;
}

export interface HeardOptions {
  readonly shape: UsageShape;
  readonly believesCost: boolean;
  /** The tier that was asked for. */
  readonly tier: string | undefined;
  /** The input tokens of the request, where its reply may come without usage. */
  readonly inputTokens: number | undefined;
  readonly output: OutputMessages | undefined;
}

/** One reply as it is heard. */
export class ReplyHeard implements Heard {
  readonly #options: HeardOptions;
  readonly #reasons = new Map<number, string>();
  #model: string | undefined;
  #id: string | undefined;
  #tier: string | undefined;
  #parts: UsageParts = {};
  #dollars: number | undefined;
  #textBytes = 0;
  isDone = false;
  /** Whether a part of the answer has come. */
  hasAnswer = false;
  error: Error | undefined;

  constructor(options: HeardOptions) {
    this.#options = options;
  }

  get knowsModel(): boolean {
    return this.#model !== undefined;
  }

  get hasFinished(): boolean {
    return this.#reasons.size > 0;
  }

  get hasUsage(): boolean {
    return this.#options.shape.usageOf(this.#parts) !== undefined;
  }

  model(name: unknown): void {
    this.#model = nameOf(name) ?? this.#model;
  }

  id(id: unknown): void {
    this.#id ??= nameOf(id);
  }

  usage(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null) return;
    this.#parts = laterParts(this.#parts, this.#options.shape.parts(usage));
  }

  tier(name: unknown): void {
    this.#tier = tierOf(name) ?? this.#tier;
  }

  dollars(amount: unknown): void {
    const number = typeof amount === 'string' && amount.trim() !== '' ? Number(amount) : amount;
    this.#dollars = laterDollars(this.#dollars, numberOf(number));
  }

  text(text: unknown, kind: TextKind = 'text', answer: unknown = 0): void {
    if (text === undefined || text === null || text === '') return;
    const whole = typeof text === 'string' ? text : entriesOf(text).map(textIn).join('');
    this.passed(Buffer.byteLength(whole));
    if (whole !== '') this.#options.output?.text(whole, kind, numberOf(answer) ?? 0);
  }

  toolCall(part: ToolCallPart, answer: unknown = 0): void {
    this.hasAnswer = true;
    if (typeof part.arguments === 'string') this.passed(Buffer.byteLength(part.arguments));
    this.#options.output?.toolCall(part, numberOf(answer) ?? 0);
  }

  finished(reason: unknown, answer: unknown = 0): void {
    const known = nameOf(reason);
    const place = numberOf(answer) ?? 0;
    if (known === undefined || (this.#reasons.size >= MOST_ANSWERS && !this.#reasons.has(place))) return;
    this.hasAnswer = true;
    this.#reasons.set(place, known);
  }

  failed(error: unknown): void {
    this.error ??= errorReply(error, this.#options.output);
  }

  done(): void {
    this.isDone = true;
    this.hasAnswer ||= this.error === undefined;
  }

  /** Bytes of the answer have passed. */
  passed(bytes: number): void {
    this.hasAnswer ||= bytes > 0;
    this.#textBytes += bytes;
  }

  /** @param inChunks whether the answer came in chunks: then its tokens are estimated where nothing says them */
  facts(inChunks: boolean): ModelCallEnd {
    const { believesCost, tier, output } = this.#options;
    const { usage, metering } = this.#metered(inChunks);
    return {
      model: this.#model,
      id: this.#id,
      finishReasons: [...this.#reasons.entries()].sort(([a], [b]) => a - b).map(([, reason]) => reason),
      usage,
      metering,
      statedDollars: believesCost ? this.#dollars : undefined,
      serviceTier: this.#tier ?? tierOf(tier),
      outputMessages: output?.toJSON(),
    };
  }

  #metered(inChunks: boolean): Pick<ModelCallEnd, 'usage' | 'metering'> {
    const { shape, inputTokens = 0 } = this.#options;
    const said = shape.usageOf(this.#parts);
    if (said !== undefined) return { usage: said.usage, metering: said.isWhole && this.isDone ? 'exact' : 'partial' };
    if (!inChunks || this.#textBytes === 0) return { usage: undefined, metering: 'unknown' };
    return { usage: { inputTokens, outputTokens: estimatedTokens(this.#textBytes) }, metering: 'estimate' };
  }
}

/** The text of a part of a message; `''` where it has none. */
function textIn(part: unknown): string {
  return typeof part === 'string' ? part : textOf(at(part, 'text') ?? at(part, 'thinking'));
}

/** Providers call the usual tier `default` or `on_demand`; `auto` is decided by the reply. */
function tierOf(name: unknown): string | undefined {
  const known = nameOf(name)?.toLowerCase();
  if (known === 'auto') return undefined;
  return known === 'default' || known === 'on_demand' || known === 'standard_only' ? 'standard' : known;
}
