/** Cohere's chat and embeddings, version 2. Its replies do not name the model. */
import { COHERE_USAGE, withoutOutput } from '../../ledger/usage-shapes.ts';
import { at, entriesOf, isList } from '../foreign.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

const MESSAGE = { content: true, tool_calls: true } as const;

export const cohereChat: ReplyProtocol = {
  usage: COHERE_USAGE,
  wanted: {
    ...{ type: true, id: true, finish_reason: true, usage: true, meta: true, error: true },
    ...{ message: {}, delta: { finish_reason: true, usage: true, error: true } },
  },
  content: { index: true, message: MESSAGE, delta: { message: MESSAGE } },
  marks: /"(?:type|event_type)"\s*:\s*"(?:message-start|message-end|error)"|"error"\s*:/,
  textKeys: textsOf('text', 'thinking', 'arguments'),
  read(event, heard, { isWhole }) {
    const delta = at(event, 'delta');
    const error = at(event, 'error') ?? at(delta, 'error');
    if (error || at(event, 'type') === 'error') heard.failed(error || event);
    heard.id(at(event, 'id'));
    heard.usage(at(event, 'usage') ?? at(delta, 'usage') ?? at(event, 'meta'));
    const reason = at(event, 'finish_reason') ?? at(delta, 'finish_reason');
    heard.finished(reason);
    if (reason === 'ERROR') heard.failed({ code: 'ERROR', message: 'the model ended with an error' });
    const message = at(delta, 'message') ?? at(event, 'message');
    const content = at(message, 'content');
    for (const part of isList(content) ? entriesOf(content) : [content]) {
      heard.text(at(part, 'thinking'), 'reasoning');
      heard.text(at(part, 'text'));
    }
    const calls = at(message, 'tool_calls');
    for (const call of isList(calls) ? entriesOf(calls) : calls ? [calls] : []) {
      const [name, given] = [at(call, 'function', 'name'), at(call, 'function', 'arguments')];
      heard.toolCall({ place: at(event, 'index'), id: at(call, 'id'), name, arguments: given });
    }
    if (isWhole || at(event, 'type') === 'message-end') heard.done();
  },
};

export const cohereEmbed: ReplyProtocol = { ...cohereChat, usage: withoutOutput(COHERE_USAGE), content: {} };
