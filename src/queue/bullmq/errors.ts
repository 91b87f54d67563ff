import { messageOf } from '../../platform/message-of.ts';
import { readProperty } from '../../platform/read-property.ts';
import { redact } from '../../platform/redact.ts';

/**
 * An error of Redis without the command that it belongs to: ioredis keeps that in the error, with its arguments, which
 * are the password or the job.
 */
export function withoutCommand(error: unknown): Error {
  const safe = new Error(redact(messageOf(error)));
  const code = readProperty(error, 'code');
  return typeof code === 'string' ? Object.assign(safe, { code }) : safe;
}

/** Why a Redis that answers has not taken what was sent, and takes nothing more for a while; `undefined` for another error. */
export function whyNotTaken(error: unknown): string | undefined {
  const message = messageOf(error);
  if (/^(?:EXECABORT.*)?OOM |-OOM |OOM command not allowed/.test(message)) return 'the memory of Redis is full';
  if (message.startsWith('MISCONF')) return 'Redis cannot write to its disk';
  return message.startsWith('NOREPLICAS') ? 'Redis has fewer replicas than it needs to take jobs' : undefined;
}

/** Redis refuses who we are, which does not change with time. */
export function isRefused(error: unknown): boolean {
  return /^(?:NOAUTH|WRONGPASS|NOPERM)|invalid password|invalid username-password|without any password configured/i.test(
    messageOf(error),
  );
}

/** Redis has answered with an error, so the command has arrived. */
export function isReply(error: unknown): boolean {
  return readProperty(error, 'name') === 'ReplyError';
}
