/** What Bedrock's client is asked for `Converse` and `ConverseStream`, and what it gives: objects, not bytes. */
import type { ModelCallStart } from '../llm/model-call.ts';
import { readProperty } from '../platform/read-property.ts';
import { inputMessages } from './content.ts';
import { at, nameOf, numberOf } from './foreign.ts';
import { ReplyHeard } from './heard.ts';
import { createOutputMessages } from './output-messages.ts';
import type { ContentOptions } from './protocol.ts';
import { bedrockConverse } from './protocols/bedrock-converse.ts';

export const BEDROCK = 'aws.bedrock';

export function converseStart(
  { input, request }: { readonly input: unknown; readonly request: unknown },
  streams: boolean,
  options: ContentOptions,
): ModelCallStart {
  const body = at(request, 'body');
  const text = typeof body === 'string' ? body : undefined;
  return {
    provider: BEDROCK,
    // The name at the end of the address of a resource.
    model: nameOf(readProperty(input, 'modelId'))?.split('/').at(-1),
    operation: 'chat',
    streams,
    requestBytes: text === undefined ? undefined : Buffer.byteLength(text),
    maxOutputTokens: numberOf(at(input, 'inferenceConfig', 'maxTokens')),
    temperature: numberOf(at(input, 'inferenceConfig', 'temperature')),
    topP: numberOf(at(input, 'inferenceConfig', 'topP')),
    serverAddress: nameOf(at(request, 'hostname')),
    serverPort: numberOf(at(request, 'port')),
    resendCount: undefined,
    inputMessages: inputMessages(text, options),
  };
}

export function hearConverse(input: unknown, options: ContentOptions): ReplyHeard {
  return new ReplyHeard({
    shape: bedrockConverse.usage,
    believesCost: false,
    tier: nameOf(at(input, 'serviceTier', 'type')),
    inputTokens: undefined,
    output: createOutputMessages(options),
  });
}

export function hearReply(output: unknown, heard: ReplyHeard): void {
  bedrockConverse.read(output, heard, { isWhole: true, name: undefined });
}

/** The metadata come last, after the end of the message. */
export function hearEvent(event: unknown, heard: ReplyHeard): void {
  const delta = at(event, 'contentBlockDelta', 'delta');
  heard.text(at(delta, 'text'));
  heard.text(at(delta, 'reasoningContent', 'text'), 'reasoning');
  const started = at(event, 'contentBlockStart');
  const tool = at(started, 'start', 'toolUse');
  const place = at(started, 'contentBlockIndex') ?? at(event, 'contentBlockDelta', 'contentBlockIndex');
  if (tool !== undefined) heard.toolCall({ place, id: at(tool, 'toolUseId'), name: at(tool, 'name') });
  const given = at(delta, 'toolUse', 'input');
  if (given !== undefined) heard.toolCall({ place, arguments: given });
  heard.finished(at(event, 'messageStop', 'stopReason'));
  const metadata = at(event, 'metadata');
  if (metadata === undefined) return;
  heard.usage(at(metadata, 'usage'));
  heard.tier(at(metadata, 'serviceTier', 'type'));
  heard.done();
}
