import { describe, expect, it } from 'vitest';
import { inputMessages } from '../../src/wire/content.ts';

const asked = (request: unknown, redact?: (text: string) => string) => {
  const text = inputMessages(typeof request === 'string' ? request : JSON.stringify(request), {
    captureContent: true,
    redact,
  });
  return text === undefined ? undefined : JSON.parse(text);
};
const text = (content: string) => ({ type: 'text', content });

describe('the messages of a request', () => {
  it('are those of OpenAI, with tools and a picture that is only named', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    expect(
      asked({
        model: 'm',
        messages: [
          { role: 'system', content: 'Be short.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'See.' },
              { type: 'image_url', image_url: { url: 'data:SECRET' } },
            ],
          },
          { role: 'assistant', content: null, tool_calls: [call] },
          { role: 'tool', tool_call_id: 'c1', content: '7' },
        ],
      }),
    ).toEqual([
      { role: 'system', parts: [text('Be short.')] },
      { role: 'user', parts: [text('See.'), { type: 'image_url' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'f', arguments: { a: 1 } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '7' }] },
    ]);
  });

  it('are those of the others', () => {
    const anthropic = {
      system: [{ type: 'text', text: 'Be short.' }],
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm' },
            { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'seven' }] },
      ],
    };
    expect(asked(anthropic)).toEqual([
      { role: 'system', parts: [text('Be short.')] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 't', name: 'f', arguments: { a: 1 } },
        ],
      },
      { role: 'user', parts: [{ type: 'tool_call_response', id: 't', response: 'seven' }] },
    ]);
    const google = {
      systemInstruction: { parts: [{ text: 'Be short.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }, { inlineData: { data: 'SECRET' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] },
      ],
    };
    expect(asked(google)).toEqual([
      { role: 'system', parts: [text('Be short.')] },
      { role: 'user', parts: [text('Hi'), { type: 'generic' }] },
      { role: 'model', parts: [{ type: 'tool_call', name: 'f', arguments: { a: 1 } }] },
    ]);
    expect(asked({ instructions: 'Be short.', input: 'Hi' })).toEqual([
      { role: 'system', parts: [text('Be short.')] },
      { role: 'user', parts: [text('Hi')] },
    ]);
    const items = [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: '7' },
    ];
    expect(asked({ input: items })).toEqual([
      { role: 'user', parts: [text('Hi')] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: {} }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: '7' }] },
    ]);
    const bedrock = {
      system: [{ text: 'S' }],
      messages: [{ role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: '7' }] } }] }],
    };
    expect(asked(bedrock)?.[1]).toEqual({
      ...{ role: 'user', parts: [{ type: 'tool_call_response', id: 't', response: [{ text: '7' }] }] },
    });
    expect(asked({ prompt: 'Hi' })).toEqual([{ role: 'user', parts: [text('Hi')] }]);
    expect(asked({ input: ['one', 'two'] })).toHaveLength(2);
  });

  it('are bounded, and pass through the hook and through the search for credentials', () => {
    const long = asked({
      messages: Array.from({ length: 100 }, () => ({ role: 'user', content: 'x'.repeat(10_000) })),
    });
    expect(JSON.stringify(long).length).toBeLessThan(50_000);
    const secret = 'sk-proj-abcdefghijklmnop1234567890';
    const tool = {
      role: 'assistant',
      tool_calls: [{ function: { name: 'f', arguments: `{"key":"${secret}","who":"Ann"}` } }],
    };
    const shown = JSON.stringify(
      asked({ messages: [{ role: 'user', content: `Ann ${secret}` }, tool] }, (each) => each.replaceAll('Ann', '*')),
    );
    expect(shown).not.toMatch(/Ann|abcdef/);
    const broken = () => {
      throw new Error('x');
    };
    expect(asked({ prompt: 'Hi' }, broken)).toEqual([{ role: 'user', parts: [text('[redaction failed]')] }]);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '7',
    '{"messages":null}',
    '{"messages":[]}',
    '{"messages":[null,7,[]]}',
    '{"messages":{}}',
  ])('are none in %j', (body) => {
    expect(asked(body)).toBeUndefined();
  });

  it('are read only if they are asked for', () => {
    expect(inputMessages('{"prompt":"Hi"}', {})).toBeUndefined();
    expect(inputMessages('{"prompt":"Hi"}', { captureContent: false })).toBeUndefined();
    expect(inputMessages(undefined, { captureContent: true })).toBeUndefined();
  });
});
