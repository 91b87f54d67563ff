/** Bedrock's Converse and ConverseStream. Their replies do not name the model: the address does. */
import { CONVERSE_USAGE } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import type { Heard } from '../heard.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

export const bedrockConverse: ReplyProtocol = {
  usage: CONVERSE_USAGE,
  wanted: { stopReason: true, usage: true, serviceTier: true },
  content: { output: { message: { content: true } } },
  marks: /"(?:usage|stopReason)"/,
  textKeys: textsOf('text'),
  read(event, heard, { isWhole, name }) {
    heard.usage(at(event, 'usage'));
    heard.tier(at(event, 'serviceTier', 'type'));
    heard.finished(at(event, 'stopReason'));
    for (const block of entriesOf(at(event, 'output', 'message', 'content'))) readBlock(block, undefined, heard);
    const place = at(event, 'contentBlockIndex');
    readBlock(at(event, 'start') ?? at(event, 'delta'), place, heard);
    if (isWhole || name === 'metadata') heard.done();
  },
};

function readBlock(block: unknown, place: unknown, heard: Heard): void {
  const thought = at(block, 'reasoningContent');
  heard.text(at(thought, 'reasoningText', 'text') ?? at(thought, 'text'), 'reasoning');
  heard.text(at(block, 'text'));
  const tool = at(block, 'toolUse');
  if (tool) heard.toolCall({ place, id: at(tool, 'toolUseId'), name: at(tool, 'name'), arguments: at(tool, 'input') });
}
