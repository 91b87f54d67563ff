/** OpenAI's embeddings, and those of Mistral, Azure, Voyage and others in the same form. */
import { OPENAI_USAGE, withoutOutput } from '../../ledger/usage-shapes.ts';
import { at } from '../foreign.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

export const openaiEmbeddings: ReplyProtocol = {
  usage: withoutOutput(OPENAI_USAGE),
  wanted: { id: true, model: true, usage: true, error: true },
  content: {},
  marks: /"usage"/,
  textKeys: textsOf('text'),
  read(event, heard, { isWhole }) {
    if (at(event, 'error')) heard.failed(at(event, 'error'));
    heard.id(at(event, 'id'));
    heard.model(at(event, 'model'));
    heard.usage(at(event, 'usage'));
    heard.dollars(at(event, 'usage', 'cost'));
    if (isWhole) heard.done();
  },
};
