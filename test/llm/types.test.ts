/** Types of calls to a model. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  llm,
  llmStream,
  type Model,
  type ModelReply,
  type ModelReplyError,
  type ModelReplyReason,
  type ModelRequest,
  openAICompatible,
  type Primitive,
  type WorkflowContext,
} from '../../src/index.ts';

describe('llmStream', () => {
  it('takes a text or a request and gives a stream of texts', () => {
    expectTypeOf(llmStream).returns.toEqualTypeOf<Primitive<string | ModelRequest, AsyncIterableIterator<string>>>();
    expectTypeOf(llmStream).parameter(0).toEqualTypeOf<Model>();
  });
});

describe('openAICompatible', () => {
  it('takes the official clients, and anything like them', () => {
    const options = { model: 'm' };
    openAICompatible({ ...options, client: new OpenAI({ apiKey: 'k' }) });
    openAICompatible({
      ...options,
      client: new AzureOpenAI({ apiKey: 'k', endpoint: 'https://a.b', apiVersion: 'c' }),
    });
    openAICompatible({ ...options, client: { chat: { completions: { create: async (_: object) => ({}) } } } });
    // @ts-expect-error a client has chat.completions.create
    expect(() => openAICompatible({ ...options, client: { chat: {} } })).toThrow(TypeError);
    // @ts-expect-error headers are texts
    expect(() => openAICompatible({ ...options, headers: { 'x-a': 1 } })).toThrow(TypeError);
  });

  it('gives a Model, and its reply to onReply with the context', () => {
    expectTypeOf(openAICompatible).returns.toEqualTypeOf<Model>();
    llm(openAICompatible({ model: 'm' }), {
      onReply(reply, context) {
        expectTypeOf(reply).toEqualTypeOf<ModelReply>();
        expectTypeOf(context).toEqualTypeOf<WorkflowContext>();
      },
    });
    expectTypeOf<ModelReplyError['reason']>().toEqualTypeOf<ModelReplyReason>();
  });
});
