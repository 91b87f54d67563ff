/** The errors of calls to models that a repetition brings again, and that may be paid each time. */
import { readProperty } from '../platform/read-property.ts';
import { textOf } from './foreign-error.ts';

/** The reasons of a `ModelReplyError` for which the model has answered, and would answer the same again. */
const ANSWERED = new Set<unknown>(['refusal', 'tool_call', 'content_filter', 'not_streamed']);
/** OpenAI's client, where `parse` was to read a reply that a filter or the limit of tokens has cut. */
const CUT = /^Could not parse response content as the (?:request was rejected by the content filter|length limit)/;

/** The model refused, called a tool, or was stopped. */
export function isNoAnswer(error: object): boolean {
  return ANSWERED.has(reasonOf(error)) || CUT.test(textOf(error, 'message'));
}

/** The provider reported an error in a reply with status 200, which may be billed. */
export function isReportedError(error: object): boolean {
  return reasonOf(error) === 'provider_error';
}

/** Also of an error that another copy of this package made. */
function reasonOf(error: object): unknown {
  return readProperty(error, 'name') === 'ModelReplyError' ? readProperty(error, 'reason') : undefined;
}

/** The codes of OpenAI, Anthropic, Moonshot, DeepSeek, Alibaba and their like. */
const CODES =
  '(?:insufficient_(?:quota|balance|credits?|funds)|billing_\\w{1,40}|exceeded_current_quota|payment_required|arrearage)(?:_error)?';
const UNPAID = new RegExp(`^${CODES}$`, 'i');
const UNPAID_IN_BODY = new RegExp(`"(?:code|type)"\\s*:\\s*"${CODES}"`, 'i');
/** A body may be as long as a reply. */
const MAX_BODY = 10_000;

/** The account has no money left. Most providers say so with status 429, as for too many requests. */
export function isUnpaid(error: object): boolean {
  if (hasUnpaidCode(error) || textOf(error, 'name') === 'InsufficientQuotaError') return true;
  const bodies = [
    ...['error', 'data', 'body', 'responseBody'].map((key) => readProperty(error, key)),
    readProperty(readProperty(error, 'response'), 'data'),
  ];
  return bodies.some((body) => {
    if (typeof body === 'string') return UNPAID_IN_BODY.test(body.slice(0, MAX_BODY));
    return hasUnpaidCode(body) || hasUnpaidCode(readProperty(body, 'error'));
  });
}

function hasUnpaidCode(place: unknown): boolean {
  if (typeof place !== 'object' || place === null) return false;
  return UNPAID.test(textOf(place, 'code')) || UNPAID.test(textOf(place, 'type'));
}
