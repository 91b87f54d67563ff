/** What a protocol says about its replies. */
import type { UsageShape } from '../ledger/usage-shapes.ts';
import type { Heard } from './heard.ts';
import type { Wanted } from './prune.ts';

export interface ReplyProtocol {
  readonly usage: UsageShape;
  /** What is read of a body, or of an event that is too long to be parsed. */
  readonly wanted: { readonly [key: string]: Wanted };
  /** What is read besides, where the text of the answer counts. */
  readonly content: { readonly [key: string]: Wanted };
  /** Finds the events of a stream that must be parsed. White space is allowed where JSON allows it. */
  readonly marks: RegExp;
  /** The keys of the texts of the answer, in the other events. */
  readonly textKeys: RegExp;
  /** The stream has no last event of its own: it is whole if an answer has its finish reason. */
  readonly endsWithReason?: boolean;
  /**
   * Tells what an event says, or a whole body.
   *
   * @param isWhole whether it is a body, or a line of one
   */
  read(event: unknown, heard: Heard, from: { readonly isWhole: boolean; readonly name: string | undefined }): void;
}

/** Finds these keys with a text as their value. */
export function textsOf(...keys: readonly string[]): RegExp {
  return new RegExp(`"(?:${keys.join('|')})"\\s*:\\s*"`, 'g');
}
