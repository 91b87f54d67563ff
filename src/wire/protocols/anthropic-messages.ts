/** Anthropic's messages, also at Google's Vertex and at gateways. */
import { ANTHROPIC_USAGE } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import type { Heard } from '../heard.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

const MESSAGE = { id: true, model: true, usage: true, stop_reason: true } as const;

export const anthropicMessages: ReplyProtocol = {
  usage: ANTHROPIC_USAGE,
  wanted: { ...MESSAGE, type: true, error: true, message: MESSAGE, delta: { stop_reason: true } },
  content: {
    content: { type: true, text: true, thinking: true, id: true, name: true, input: true },
    index: true,
    content_block: { type: true, id: true, name: true },
    delta: { type: true, text: true, thinking: true, partial_json: true },
  },
  marks: /"type"\s*:\s*"(?:message_(?:start|delta|stop)|error)"/,
  textKeys: textsOf('text', 'thinking', 'partial_json'),
  read(event, heard, { isWhole }) {
    const type = at(event, 'type');
    if (type === 'error' || at(event, 'error')) heard.failed(at(event, 'error') ?? event);
    readMessage(at(event, 'message') ?? event, heard);
    const delta = at(event, 'delta');
    heard.finished(at(delta, 'stop_reason'));
    // Server tools are called with the model's own text: what counts is their type at the beginning of the block.
    const [place, block] = [at(event, 'index'), at(event, 'content_block')];
    if (at(block, 'type') === 'tool_use') heard.toolCall({ place, id: at(block, 'id'), name: at(block, 'name') });
    if (at(delta, 'partial_json') !== undefined) heard.toolCall({ place, arguments: at(delta, 'partial_json') });
    heard.text(at(delta, 'thinking'), 'reasoning');
    heard.text(at(delta, 'text'));
    if (type === 'message_stop' || isWhole) heard.done();
  },
};

function readMessage(message: unknown, heard: Heard): void {
  heard.id(at(message, 'id'));
  heard.model(at(message, 'model'));
  const usage = at(message, 'usage');
  heard.usage(usage);
  heard.tier(at(usage, 'speed') === 'fast' ? 'fast' : at(usage, 'service_tier'));
  heard.finished(at(message, 'stop_reason'));
  for (const block of entriesOf(at(message, 'content'))) {
    if (at(block, 'type') === 'tool_use') {
      heard.toolCall({ id: at(block, 'id'), name: at(block, 'name'), arguments: at(block, 'input') });
    }
    heard.text(at(block, 'thinking'), 'reasoning');
    heard.text(at(block, 'text'));
  }
}
