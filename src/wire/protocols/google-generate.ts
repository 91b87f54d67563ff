/** Google's generateContent, its streams (server-sent events, or one list in JSON) and its embeddings. */
import { GOOGLE_USAGE, withoutOutput } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

export const googleGenerate: ReplyProtocol = {
  usage: GOOGLE_USAGE,
  wanted: {
    ...{ usageMetadata: true, modelVersion: true, responseId: true, error: true, promptFeedback: true },
    candidates: { index: true, finishReason: true },
  },
  content: { candidates: { content: { parts: true } } },
  marks: /"(?:usageMetadata|finishReason|promptFeedback|error)"\s*:/,
  textKeys: textsOf('text'),
  endsWithReason: true,
  read(event, heard, { isWhole }) {
    if (at(event, 'error')) heard.failed(at(event, 'error'));
    heard.id(at(event, 'responseId'));
    heard.model(at(event, 'modelVersion'));
    heard.usage(at(event, 'usageMetadata'));
    heard.tier(at(event, 'usageMetadata', 'serviceTier'));
    heard.finished(at(event, 'promptFeedback', 'blockReason'));
    entriesOf(at(event, 'candidates')).forEach((candidate, place) => {
      const answer = at(candidate, 'index') ?? place;
      heard.finished(at(candidate, 'finishReason'), answer);
      for (const part of entriesOf(at(candidate, 'content', 'parts'))) {
        heard.text(at(part, 'text'), at(part, 'thought') === true ? 'reasoning' : 'text', answer);
        const call = at(part, 'functionCall');
        if (call) heard.toolCall({ id: at(call, 'id'), name: at(call, 'name'), arguments: at(call, 'args') }, answer);
      }
    });
    if (isWhole) heard.done();
  },
};

/** Gemini's embeddings have no usage: it stays unknown. */
export const googleEmbed: ReplyProtocol = {
  ...googleGenerate,
  usage: withoutOutput(GOOGLE_USAGE),
  wanted: { usageMetadata: true, modelVersion: true, error: true },
  content: {},
};
