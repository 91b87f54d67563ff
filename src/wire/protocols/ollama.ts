/** Ollama: lines of JSON, or one. */
import { OLLAMA_USAGE, withoutOutput } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

export const ollamaChat: ReplyProtocol = {
  usage: OLLAMA_USAGE,
  wanted: { ...{ model: true, done: true, done_reason: true, error: true }, prompt_eval_count: true, eval_count: true },
  content: { response: true, thinking: true, message: { content: true, thinking: true, tool_calls: true } },
  marks: /"(?:done|error)"/,
  textKeys: textsOf('content', 'response', 'thinking'),
  read(event, heard) {
    if (at(event, 'error')) heard.failed(at(event, 'error'));
    heard.model(at(event, 'model'));
    heard.usage(event);
    heard.finished(at(event, 'done_reason'));
    const message = at(event, 'message');
    heard.text(at(message, 'thinking') ?? at(event, 'thinking'), 'reasoning');
    heard.text(at(message, 'content') ?? at(event, 'response'));
    for (const call of entriesOf(at(message, 'tool_calls'))) {
      heard.toolCall({ name: at(call, 'function', 'name'), arguments: at(call, 'function', 'arguments') });
    }
    if (at(event, 'done') !== false) heard.done();
  },
};

export const ollamaEmbed: ReplyProtocol = { ...ollamaChat, usage: withoutOutput(OLLAMA_USAGE), content: {} };
