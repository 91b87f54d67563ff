import {
  type Answer,
  type Api,
  type ApiError,
  type Json,
  listIn,
  numberIn,
  objectIn,
  requiredText,
  textOf,
} from './api.ts';
import { vectorOf } from './embeddings.ts';

/** Ollama's chat and generate. They stream unless the request says otherwise. */
export const ollamaChat: Api = {
  path: /\/api\/(?<method>chat|generate)$/,
  answer(body, { groups }, model) {
    const answer = model.answer(readQuestion(body));
    const head = { model: requiredText(body, 'model'), created_at: new Date(model.now()).toISOString() };
    const { toolCall } = answer;
    const call = toolCall && { function: { name: toolCall.name, arguments: toolCall.arguments } };
    const content = (text: string, calls = {}) =>
      groups?.method === 'chat' ? { message: { role: 'assistant', content: text, ...calls } } : { response: text };
    const calls = call === undefined ? {} : { tool_calls: [call] };
    if (body.stream === false)
      return { model: head.model, whole: { ...head, ...content(answer.text, calls), ...end(answer) } };
    const lines = [
      ...model.pieces(answer.text).map((piece) => ({ ...head, ...content(piece), done: false })),
      ...(call === undefined ? [] : [{ ...head, ...content('', calls), done: false }]),
      { ...head, ...content(''), ...end(answer) },
    ];
    return {
      model: head.model,
      type: 'application/x-ndjson',
      events: lines.map((line) => `${JSON.stringify(line)}\n`),
    };
  },
  failure,
  failureEvent: (error) => `${JSON.stringify(failure(error))}\n`,
};

/** Ollama's embed. */
export const ollamaEmbed: Api = {
  path: /\/api\/embed$/,
  answer(body, _, model) {
    const name = requiredText(body, 'model');
    model.requireModel(name);
    const texts = (Array.isArray(body.input) ? body.input : [body.input]).map(String);
    const times = { total_duration: 14_143_917, load_duration: 1_019_500 };
    const whole = { model: name, embeddings: texts.map(vectorOf), ...times, prompt_eval_count: model.count(texts) };
    return { model: name, whole };
  },
  failure,
  failureEvent: (error) => JSON.stringify(failure(error)),
};

function readQuestion(body: Json) {
  const prompt = typeof body.prompt === 'string' ? [{ role: 'user', content: body.prompt }] : [];
  return {
    model: requiredText(body, 'model'),
    messages: [...listIn(body, 'messages'), ...prompt].map((message: Json) => ({
      role: String(message.role),
      text: textOf(message.content),
    })),
    maxTokens: numberIn(objectIn(body, 'options'), 'num_predict'),
    tools: listIn(body, 'tools').map((tool) => {
      const { name, parameters } = objectIn(tool, 'function');
      return { name: String(name), parameters };
    }),
    mustCall: false,
    schema: body.format,
  };
}

function end({ finishReason, promptTokens, completionTokens }: Answer) {
  return {
    done: true,
    done_reason: finishReason === 'length' ? 'length' : 'stop',
    total_duration: 4_935_886_791,
    load_duration: 534_986_708,
    prompt_eval_count: promptTokens,
    prompt_eval_duration: 107_345_000,
    eval_count: completionTokens,
    eval_duration: 4_289_432_000,
  };
}

function failure({ message }: ApiError) {
  return { error: message };
}
