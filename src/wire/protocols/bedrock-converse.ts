/** Bedrock's Converse. Its replies do not name the model: the address does. */
import { CONVERSE_USAGE } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

export const bedrockConverse: ReplyProtocol = {
  usage: CONVERSE_USAGE,
  wanted: { stopReason: true, usage: true, serviceTier: true },
  content: { output: { message: { content: true } } },
  marks: /"(?:usage|stopReason)"/,
  textKeys: textsOf('text'),
  read(event, heard, { isWhole }) {
    heard.usage(at(event, 'usage'));
    heard.tier(at(event, 'serviceTier', 'type'));
    heard.finished(at(event, 'stopReason'));
    for (const block of entriesOf(at(event, 'output', 'message', 'content'))) {
      heard.text(at(block, 'text'));
      heard.text(at(block, 'reasoningContent', 'reasoningText', 'text'), 'reasoning');
      const tool = at(block, 'toolUse');
      if (tool) heard.toolCall({ id: at(tool, 'toolUseId'), name: at(tool, 'name'), arguments: at(tool, 'input') });
    }
    if (isWhole) heard.done();
  },
};
