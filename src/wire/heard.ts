/** What a reply has said by now. The protocols tell it, in verbs; values of any kind are safe. */
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

export interface ReplyHeard extends Heard {
  readonly isDone: boolean;
  readonly knowsModel: boolean;
  readonly hasAnswer: boolean;
  readonly hasFinished: boolean;
  readonly hasUsage: boolean;
  readonly error: Error | undefined;
  /** Bytes of the answer have passed that were not looked at. */
  passed(bytes: number): void;
  /** @param inChunks whether the answer came in chunks: then its tokens are estimated where nothing says them */
  facts(inChunks: boolean): ModelCallEnd;
}

export function createHeard({ shape, believesCost, tier: askedTier, inputTokens, output }: HeardOptions): ReplyHeard {
  let model: string | undefined;
  let id: string | undefined;
  let tier: string | undefined;
  let parts: UsageParts = {};
  let dollars: number | undefined;
  let error: Error | undefined;
  let isDone = false;
  let hasAnswer = false;
  let textBytes = 0;
  const reasons = new Map<number, string>();

  function metered(inChunks: boolean): Pick<ModelCallEnd, 'usage' | 'metering'> {
    const said = shape.usageOf(parts);
    if (said !== undefined) {
      return { usage: said.usage, metering: said.isWhole && isDone ? 'exact' : 'partial' };
    }
    if (!inChunks || textBytes === 0) return { usage: undefined, metering: 'unknown' };
    return {
      usage: { inputTokens: inputTokens ?? 0, outputTokens: estimatedTokens(textBytes) },
      metering: 'estimate',
    };
  }

  return {
    model(name) {
      const known = nameOf(name);
      if (known !== undefined) model = known;
    },
    id(said) {
      id ??= nameOf(said);
    },
    usage(usage) {
      if (typeof usage === 'object' && usage !== null) parts = laterParts(parts, shape.parts(usage));
    },
    tier(name) {
      tier = tierOf(name) ?? tier;
    },
    dollars(amount) {
      const text = typeof amount === 'string' && amount.trim() !== '' ? Number(amount) : amount;
      dollars = numberOf(text) ?? dollars;
    },
    text(text, kind = 'text', answer = 0) {
      const texts = typeof text === 'string' ? [text] : entriesOf(text).map(textIn);
      for (const each of texts) {
        if (each === '') continue;
        hasAnswer = true;
        textBytes += Buffer.byteLength(each);
        output?.text(each, kind, numberOf(answer) ?? 0);
      }
    },
    toolCall(part, answer = 0) {
      hasAnswer = true;
      if (typeof part.arguments === 'string') textBytes += Buffer.byteLength(part.arguments);
      output?.toolCall(part, numberOf(answer) ?? 0);
    },
    finished(reason, answer = 0) {
      const known = nameOf(reason);
      const place = numberOf(answer) ?? 0;
      if (known === undefined || (reasons.size >= MOST_ANSWERS && !reasons.has(place))) return;
      hasAnswer = true;
      reasons.set(place, known);
    },
    failed(said) {
      error ??= errorReply(said);
    },
    done() {
      isDone = true;
      hasAnswer ||= error === undefined;
    },
    passed(bytes) {
      hasAnswer ||= bytes > 0;
      textBytes += bytes;
    },
    get isDone() {
      return isDone;
    },
    get knowsModel() {
      return model !== undefined;
    },
    get hasAnswer() {
      return hasAnswer;
    },
    get hasFinished() {
      return reasons.size > 0;
    },
    get hasUsage() {
      return shape.usageOf(parts) !== undefined;
    },
    get error() {
      return error;
    },
    facts: (inChunks) => ({
      model,
      id,
      finishReasons: [...reasons.entries()].sort(([a], [b]) => a - b).map(([, reason]) => reason),
      ...metered(inChunks),
      statedDollars: believesCost ? dollars : undefined,
      serviceTier: tier ?? tierOf(askedTier),
      outputMessages: output?.toJSON(),
    }),
  };
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
