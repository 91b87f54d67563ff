import { laterDollars } from '../ledger/stated-dollars.ts';
import { laterUsage } from '../ledger/usage.ts';
import type { ModelChunk, ModelReply } from './model.ts';

/** What the chunks of a reply say together. A field that a later chunk leaves out keeps its value. */
export class GatheredReply {
  readonly #keepsText: boolean;
  #parts: ModelChunk = {};
  #text = '';
  #answer: string | undefined;
  #hasEnded = false;

  constructor(keepsText: boolean) {
    this.#keepsText = keepsText;
  }

  add({ text, usage, model, id, finishReason, dollars, serviceTier }: ModelChunk): void {
    const before = this.#parts;
    this.#parts = {
      usage: laterUsage(before.usage, usage),
      model: model ?? before.model,
      id: id ?? before.id,
      finishReason: finishReason ?? before.finishReason,
      dollars: laterDollars(before.dollars, dollars),
      serviceTier: serviceTier ?? before.serviceTier,
    };
    this.#answer ||= text ?? this.#answer;
    if (this.#keepsText) this.#text += text ?? '';
  }

  /** There are no more chunks. */
  ended(): void {
    this.#hasEnded = true;
  }

  /** Whether nothing changes its usage any more. */
  get isWhole(): boolean {
    return this.#hasEnded || this.#parts.finishReason !== undefined;
  }

  /** Not empty once a chunk had text, `undefined` while no chunk had any. */
  get answer(): string | undefined {
    return this.#answer;
  }

  /** All of it by now; the text only where it is kept. */
  get parts(): ModelReply {
    return { ...this.#parts, text: this.#text };
  }
}
