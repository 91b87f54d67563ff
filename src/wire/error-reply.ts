import { at, nameOf, textOf } from './foreign.ts';
import type { OutputMessages } from './output-messages.ts';

/** The longest message of a provider that is kept, in characters. */
const LONGEST_MESSAGE = 256;
/** A code of a provider, which becomes the type of the error in telemetry. */
const CODE = /^[\w.-]{1,64}$/;

/**
 * An error that a reply has in its body, although its status is 200. Its name is the provider's code. Its words may quote
 * the prompt: they are left out unless the messages of the reply are asked for.
 */
export function errorReply(said: unknown, output: OutputMessages | undefined): Error {
  const named = [at(said, 'code'), at(said, 'status'), at(said, 'type'), at(said, 'name')]
    .map((each) => nameOf(each))
    .find((each) => each !== undefined && each !== 'error' && CODE.test(each) && !/^\d+$/.test(each));
  const number = [at(said, 'code'), at(said, 'status')].find((each) => /^\d{1,6}$/.test(String(each)));
  const words = typeof said === 'string' ? said : textOf(at(said, 'message')) || textOf(at(said, 'error'));
  const message = output?.safe(words).slice(0, LONGEST_MESSAGE);
  const error = new Error(message || 'the provider answered with an error');
  error.name = named ?? (number === undefined ? 'error_reply' : String(number));
  return error;
}
