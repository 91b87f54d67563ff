import { crc32 } from 'node:zlib';
import { type Answer, type Api, type ApiError, type Json, listIn, numberIn, objectIn, textOf } from './api.ts';

/** Bedrock's Converse and ConverseStream. */
export const bedrockConverse: Api = {
  path: /\/model\/(?<model>[^/]+)\/(?<method>converse|converse-stream)$/,
  answer(body, { groups }, model) {
    const name = decodeURIComponent(groups?.model ?? '');
    const answer = model.answer(readQuestion(body, name));
    const stopReason = STOP_REASON[answer.finishReason];
    const { toolCall } = answer;
    const toolUse = toolCall && { toolUseId: model.id('tooluse_'), name: toolCall.name };
    const end = { usage: usage(answer), metrics: { latencyMs: 5 } };
    if (groups?.method === 'converse') {
      const content = toolUse ? [{ toolUse: { ...toolUse, input: toolCall?.arguments } }] : [{ text: answer.text }];
      return { model: name, whole: { output: { message: { role: 'assistant', content } }, stopReason, ...end } };
    }
    const deltas = toolUse
      ? [{ toolUse: { input: JSON.stringify(toolCall?.arguments) } }]
      : model.pieces(answer.text).map((text) => ({ text }));
    const place = { contentBlockIndex: 0 };
    const events = [
      event('messageStart', { role: 'assistant' }),
      ...(toolUse ? [event('contentBlockStart', { ...place, start: { toolUse } })] : []),
      ...deltas.map((delta) => event('contentBlockDelta', { ...place, delta })),
      event('contentBlockStop', place),
      event('messageStop', { stopReason }),
      event('metadata', end),
    ];
    return { model: name, type: 'application/vnd.amazon.eventstream', events };
  },
  failure: ({ status, message }: ApiError) => ({ __type: EXCEPTION[status] ?? 'InternalServerException', message }),
  failureEvent: ({ message }) =>
    encode(
      { ':exception-type': 'modelStreamErrorException', ':content-type': JSON_TYPE, ':message-type': 'exception' },
      { message },
    ),
};

const EXCEPTION: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
};
const JSON_TYPE = 'application/json';
const STOP_REASON = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

function readQuestion(body: Json, model: string) {
  const config = objectIn(body, 'toolConfig');
  const choice = objectIn(config, 'toolChoice');
  const name = objectIn(choice, 'tool').name;
  return {
    model,
    messages: [
      ...listIn(body, 'system').map(({ text }) => ({ role: 'system', text: textOf(text) })),
      ...listIn(body, 'messages').map(readMessage),
    ],
    maxTokens: numberIn(objectIn(body, 'inferenceConfig'), 'maxTokens'),
    tools: listIn(config, 'tools').map((tool) => {
      const specification = objectIn(tool, 'toolSpec');
      return { name: String(specification.name), parameters: objectIn(specification, 'inputSchema').json };
    }),
    mustCall: typeof name === 'string' ? name : choice.any !== undefined,
    schema: undefined,
  };
}

function readMessage(message: Json) {
  const results = listIn(message, 'content').filter((part) => part.toolResult !== undefined);
  if (results.length > 0) return { role: 'tool', text: JSON.stringify(results) };
  return { role: String(message.role), text: textOf(message.content) };
}

function usage({ promptTokens, completionTokens }: Answer) {
  const totalTokens = promptTokens + completionTokens;
  return { inputTokens: promptTokens, outputTokens: completionTokens, totalTokens };
}

function event(type: string, payload: object): Uint8Array {
  return encode({ ':event-type': type, ':content-type': JSON_TYPE, ':message-type': 'event' }, payload);
}

/**
 * One message of AWS's event stream: the length of all and of the headers, their checksum; the headers (type 7 is a
 * text); the payload; the checksum of all before it.
 */
function encode(headers: Readonly<Record<string, string>>, payload: object): Uint8Array {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(3);
      length.writeUInt8(7);
      length.writeUInt16BE(Buffer.byteLength(value), 1);
      return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), length, Buffer.from(value)]);
    }),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}
