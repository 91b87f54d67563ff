/** The check of a request. Its messages may be private: an error says the type and the size of a value, not the value. */
import type { Rule, Rules } from '../core/check.ts';
import { count, number, object, optional } from '../core/rules.ts';
import { isPlain, measure, show } from '../core/show.ts';
import type { Message, ModelRequest } from './model.ts';

const ROLES: readonly unknown[] = ['system', 'user', 'assistant'] satisfies readonly Message['role'][];

function requireMessage(where: string, at: string, message: unknown): void {
  if (!isPlain(message)) refuse(where, at, 'must be a message { role, content }', message);
  const { role, content, ...more } = message;
  if (!ROLES.includes(role)) refuse(where, `${at}.role`, 'must be system, user or assistant', role);
  if (typeof content !== 'string') {
    refuse(
      where,
      `${at}.content`,
      'must be a text',
      content,
      '; for pictures and tools call the client itself in a task',
    );
  }
  for (const [key, value] of Object.entries(more)) {
    if (value === undefined || value === null) continue;
    throw new TypeError(`${where}: ${at} has role and content only, and no ${show(key)}`);
  }
}

function refuse(where: string, what: string, rule: string, value: unknown, hint = ''): never {
  throw new TypeError(`${where}: ${what} ${rule}, got ${measure(value)}${hint}`);
}

const messages: Rule<readonly Message[]> = (where, option, value) => {
  for (const [i, message] of Array.from(value as readonly unknown[]).entries()) {
    requireMessage(where, `${option}[${i}]`, message);
  }
};

const RULES: Rules<ModelRequest> = {
  messages,
  maxTokens: optional(count),
  temperature: optional(number({ min: 0 })),
  topP: optional(number({ min: 0, max: 1 })),
};

const checkRequest = object(RULES);

/** @throws TypeError, RangeError when `input` is no request, or says something that no request may say */
export function requireRequest(where: string, input: unknown): void {
  const given = (input as Partial<ModelRequest> | null | undefined)?.messages;
  if (!Array.isArray(given) || given.length === 0) {
    throw new TypeError(
      `${where}: input must be a text or a request { messages: [message, …] }, got ${measure(input)}`,
    );
  }
  checkRequest(where, 'input', input);
}
