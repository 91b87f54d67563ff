/** Vercel's gateway as the AI SDK speaks to it. The model of a request is in its headers. */
import { AI_SDK_USAGE, withoutOutput } from '../../ledger/usage-shapes.ts';
import { at, entriesOf, textOf } from '../foreign.ts';
import type { Heard } from '../heard.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

const COST = { gateway: true } as const;

export const aiGateway: ReplyProtocol = {
  usage: AI_SDK_USAGE,
  wanted: {
    ...{ type: true, id: true, modelId: true, usage: true, finishReason: true, error: true, providerMetadata: COST },
    response: { id: true, modelId: true },
  },
  content: { content: true, delta: true, toolCallId: true, toolName: true, input: true },
  marks: /"type"\s*:\s*"(?:response-metadata|finish|error)"/,
  textKeys: textsOf('delta'),
  read(event, heard, { isWhole }) {
    const type = textOf(at(event, 'type'));
    if (type === 'error' || (isWhole && at(event, 'error'))) heard.failed(at(event, 'error') ?? event);
    const response = isWhole ? at(event, 'response') : type === 'response-metadata' ? event : undefined;
    heard.id(at(response, 'id'));
    heard.model(at(response, 'modelId'));
    heard.usage(at(event, 'usage'));
    heard.dollars(at(event, 'providerMetadata', 'gateway', 'cost'));
    const reason = at(event, 'finishReason');
    heard.finished(at(reason, 'unified') ?? reason);
    for (const part of isWhole ? entriesOf(at(event, 'content')) : [event]) readPart(part, heard);
    if (isWhole || type === 'finish') heard.done();
  },
};

function readPart(part: unknown, heard: Heard): void {
  const type = textOf(at(part, 'type'));
  if (type === 'tool-call') {
    heard.toolCall({ id: at(part, 'toolCallId'), name: at(part, 'toolName'), arguments: at(part, 'input') });
  } else if (type.startsWith('text') || type.startsWith('reasoning')) {
    heard.text(at(part, 'delta') ?? at(part, 'text'), type.startsWith('text') ? 'text' : 'reasoning');
  }
}

const embeddingUsage = withoutOutput(AI_SDK_USAGE);

export const aiGatewayEmbed: ReplyProtocol = {
  ...aiGateway,
  usage: { ...embeddingUsage, parts: (usage) => ({ input: embeddingUsage.parts(usage).total }) },
  wanted: { usage: true, error: true, providerMetadata: COST },
  content: {},
};
