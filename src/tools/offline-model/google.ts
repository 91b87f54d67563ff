import { type Answer, type Api, type ApiError, type Json, listIn, numberIn, objectIn, sse, textOf } from './api.ts';
import { vectorOf } from './embeddings.ts';

const MODEL = `/models/(?<model>[^/:]+):`;

/** Google's generateContent and streamGenerateContent. */
export const googleGenerate: Api = {
  path: new RegExp(`${MODEL}(?<method>generateContent|streamGenerateContent)$`),
  answer(body, { groups }, model) {
    const name = decodeURIComponent(groups?.model ?? '');
    const answer = model.answer(readQuestion(body, name));
    const parts = answer.toolCall
      ? [{ functionCall: { name: answer.toolCall.name, args: answer.toolCall.arguments } }]
      : [{ text: answer.text }];
    const head = { modelVersion: name, responseId: model.id('') };
    const finishReason = answer.finishReason === 'length' ? 'MAX_TOKENS' : 'STOP';
    const chunk = (shown: readonly unknown[], tokens: number, finished: boolean) => ({
      candidates: [{ content: { role: 'model', parts: shown }, ...(finished ? { finishReason } : {}), index: 0 }],
      usageMetadata: usage(answer, tokens),
      ...head,
    });
    if (groups?.method === 'generateContent')
      return { model: name, whole: chunk(parts, answer.completionTokens, true) };
    const pieces = answer.toolCall ? [] : model.pieces(answer.text);
    const chunks = [
      ...pieces.map((text, at) => chunk([{ text }], at + 1, false)),
      chunk(answer.toolCall ? parts : [{ text: '' }], answer.completionTokens, true),
    ];
    const events = chunks.map((value) => sse(value).replaceAll('\n', '\r\n'));
    return { model: name, type: 'text/event-stream', events };
  },
  failure,
  failureEvent: (error) => `${JSON.stringify(failure(error))}\r\n`,
};

/** Google's embedContent and batchEmbedContents, whose replies have no usage. */
export const googleEmbed: Api = {
  path: new RegExp(`${MODEL}(?<method>embedContent|batchEmbedContents)$`),
  answer(body, { groups }, model) {
    const name = decodeURIComponent(groups?.model ?? '');
    model.requireModel(name);
    const embed = (request: Json) => ({ values: vectorOf(textOf(objectIn(request, 'content').parts)) });
    const whole =
      groups?.method === 'embedContent'
        ? { embedding: embed(body) }
        : { embeddings: listIn(body, 'requests').map(embed) };
    return { model: name, whole };
  },
  failure,
  failureEvent: (error) => JSON.stringify(failure(error)),
};

function readQuestion(body: Json, model: string) {
  const config = objectIn(body, 'generationConfig');
  const system = textOf(objectIn(body, 'systemInstruction').parts);
  const calling = objectIn(objectIn(body, 'toolConfig'), 'functionCallingConfig');
  return {
    model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', text: system }]),
      ...listIn(body, 'contents').map(readContent),
    ],
    maxTokens: numberIn(config, 'maxOutputTokens'),
    tools: listIn(body, 'tools')
      .flatMap((tool) => listIn(tool, 'functionDeclarations'))
      .map((tool) => ({ name: String(tool.name), parameters: tool.parametersJsonSchema ?? tool.parameters })),
    mustCall: calling.mode === 'ANY',
    schema: config.responseJsonSchema ?? config.responseSchema,
  };
}

function readContent(content: Json) {
  const parts = listIn(content, 'parts');
  const results = parts.filter((part) => part.functionResponse !== undefined);
  if (results.length > 0) return { role: 'tool', text: JSON.stringify(results.map((part) => part.functionResponse)) };
  return { role: content.role === 'model' ? 'assistant' : 'user', text: textOf(parts) };
}

function usage({ promptTokens }: Answer, tokens: number) {
  return {
    promptTokenCount: promptTokens,
    candidatesTokenCount: tokens,
    totalTokenCount: promptTokens + tokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
  };
}

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
};

function failure({ status, message }: ApiError) {
  return { error: { code: status, message, status: STATUS[status] ?? 'UNKNOWN' } };
}
