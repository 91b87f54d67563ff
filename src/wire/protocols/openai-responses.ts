/** OpenAI's responses. */
import { OPENAI_USAGE } from '../../ledger/usage-shapes.ts';
import { at, entriesOf, textOf } from '../foreign.ts';
import type { Heard } from '../heard.ts';
import type { Wanted } from '../prune.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

const RESPONSE: Exclude<Wanted, true> = {
  ...{ id: true, object: true, model: true, status: true, usage: true, service_tier: true, error: true },
  incomplete_details: true,
};
const ITEM = { type: true, content: true, summary: true, call_id: true, name: true, arguments: true } as const;

export const openaiResponses: ReplyProtocol = {
  usage: OPENAI_USAGE,
  wanted: { ...RESPONSE, type: true, code: true, message: true, response: RESPONSE },
  content: { output: ITEM, delta: true, item: ITEM },
  marks: /"type"\s*:\s*"(?:response\.(?:created|completed|incomplete|failed|cancelled)|error)"/,
  textKeys: textsOf('delta'),
  read(event, heard, { isWhole, name }) {
    if (isWhole) {
      readResponse(event, heard);
      entriesOf(at(event, 'output')).forEach((item) => {
        readItem(item, heard);
      });
      heard.done();
      return;
    }
    const type = textOf(at(event, 'type')) || textOf(name);
    if (type === 'error') heard.failed(at(event, 'error') ?? event);
    if (type.startsWith('response.') && at(event, 'response')) readResponse(at(event, 'response'), heard);
    if (/^response\.(?:completed|incomplete|failed|cancelled)$/.test(type)) heard.done();
    const delta = at(event, 'delta');
    if (/^response\.(?:output_text|refusal)\.delta$/.test(type)) heard.text(delta);
    else if (/^response\.reasoning\w*\.delta$/.test(type)) heard.text(delta, 'reasoning');
    else if (type === 'response.output_item.done' && at(event, 'item', 'type') === 'function_call') {
      readItem(at(event, 'item'), heard);
    }
  },
};

function readResponse(response: unknown, heard: Heard): void {
  heard.id(at(response, 'id'));
  heard.model(at(response, 'model'));
  heard.tier(at(response, 'service_tier'));
  heard.usage(at(response, 'usage'));
  heard.dollars(at(response, 'usage', 'cost'));
  const status = at(response, 'status');
  const error = at(response, 'error');
  if (error || status === 'failed') heard.failed(error || { code: 'failed' });
  if (status === 'completed' || status === 'incomplete' || status === 'cancelled') {
    heard.finished(at(response, 'incomplete_details', 'reason') ?? status);
  }
}

function readItem(item: unknown, heard: Heard): void {
  const type = at(item, 'type');
  if (type === 'message') heard.text(at(item, 'content'));
  else if (type === 'reasoning') heard.text(at(item, 'summary'), 'reasoning');
  else if (type === 'function_call') {
    heard.toolCall({ id: at(item, 'call_id'), name: at(item, 'name'), arguments: at(item, 'arguments') });
  }
}
