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

/** An event of the client is an object with one key: the name that the event has on the wire. */
export function hearEvent(event: unknown, heard: ReplyHeard): void {
  for (const name of Object.keys(event ?? {})) {
    bedrockConverse.read(at(event, name), heard, { isWhole: false, name });
  }
}
