import { describe, expect, it } from 'vitest';
import { llm, llmStream, type Model, retry } from '../../src/index.ts';

const SECRET = 'my secret diary';
let calls = 0;
const model: Model = {
  provider: 'openai',
  id: 'gpt-4',
  generate: async () => {
    calls += 1;
    return { text: 'ok' };
  },
  async *stream() {
    calls += 1;
    yield { text: 'ok' };
  },
};
const user = { role: 'user', content: SECRET };
class Letter {
  readonly role = 'user';
  readonly content = SECRET;
}

describe('a request', () => {
  it.each<[string, unknown, string]>([
    ['is nothing', undefined, 'llm: input must be a text or a request { messages: [message, …] }, got undefined'],
    ['is a number', 5, 'llm: input must be a text or a request'],
    ['has no message', { messages: [] }, 'llm: input must be a text or a request'],
    ['has messages that are no list', { messages: { 0: user, length: 1 } }, 'llm: input must be a text or a request'],
    ['has a text for a message', { messages: [SECRET] }, 'llm: input.messages[0] must be a message { role, content }'],
    ['has a hole', { messages: Array(2) }, 'llm: input.messages[0] must be a message { role, content }, got undefined'],
    ['has an instance of a class', { messages: [user, new Letter()] }, 'llm: input.messages[1] must be a message'],
    [
      'has a role of another provider',
      { messages: [user, { role: 'tool', content: SECRET }] },
      'llm: input.messages[1].role must be system, user or assistant, got a text of 4 characters',
    ],
    [
      'has role and content in the wrong places',
      { messages: [{ role: SECRET, content: 'user' }] },
      'llm: input.messages[0].role must be system, user or assistant, got a text of 15 characters',
    ],
    [
      'has a picture',
      { messages: [{ role: 'user', content: [{ type: 'text', text: SECRET }] }] },
      'llm: input.messages[0].content must be a text, got an array of 1; for pictures and tools call the client itself',
    ],
    ['has a message of nothing', { messages: [{ role: 'user', content: null }] }, 'messages[0].content must be a text'],
    ['has a message of a number', { messages: [{ role: 'user', content: 12_345 }] }, 'must be a text, got a number'],
    [
      'has a call of a tool',
      { messages: [{ ...user, tool_calls: [{}] }] },
      'llm: input.messages[0] has role and content only, and no "tool_calls"',
    ],
    [
      'has no tokens',
      { messages: [user], maxTokens: 0 },
      'llm: input.maxTokens must be a whole number, 1 or more, got 0',
    ],
    ['has half a token', { messages: [user], maxTokens: 1.5 }, 'llm: input.maxTokens must be a whole number'],
    ['has no limit', { messages: [user], maxTokens: Number.POSITIVE_INFINITY }, 'llm: input.maxTokens must be'],
    ['has a limit of null', { messages: [user], maxTokens: null }, 'llm: input.maxTokens must be a whole number'],
    ['is too cold', { messages: [user], temperature: -1 }, 'llm: input.temperature must be a finite number, 0 or more'],
    ['has a temperature of NaN', { messages: [user], temperature: Number.NaN }, 'llm: input.temperature must be'],
    ['has a topP of 2', { messages: [user], topP: 2 }, 'llm: input.topP must be a number from 0 to 1, got 2'],
    ['has an option of OpenAI', { messages: [user], max_tokens: 5 }, 'llm: input: there is no option "max_tokens"'],
  ])('that %s is refused at the door, and never quoted', async (_, input, message) => {
    calls = 0;
    for (const work of [llm(model), llmStream(model)]) {
      const thrown = await retry(work as ReturnType<typeof llm>)
        .execute(input as never)
        .catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(Error);
      expect(String(thrown)).toContain(message);
      expect(String(thrown)).not.toContain(SECRET);
    }
    expect(calls).toBe(0);
  });

  it('may have fields that say nothing', async () => {
    const more = { maxTokens: undefined, topP: 1, temperature: 0 };
    const answer = { role: 'assistant', content: '', refusal: null, name: undefined } as const;
    await expect(llm(model).execute({ messages: [{ role: 'user', content: 'hi' }, answer], ...more })).resolves.toEqual(
      {
        text: 'ok',
      },
    );
  });
});
