/** What a request says of itself, in any protocol, found without parsing its prompt. */
import { at, nameOf, numberOf } from './foreign.ts';
import { type Picked, pick } from './pick.ts';

const WISHES = {
  values: new Set([
    ...['model', 'stream', 'stream_options', 'temperature', 'top_p', 'service_tier', 'serviceTier', 'speed'],
    ...['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'p'],
    // Google, Bedrock and Ollama have theirs in an object.
    ...['generationConfig', 'generation_config', 'inferenceConfig', 'options'],
  ]),
  lengths: new Set([
    ...['messages', 'input', 'prompt', 'contents', 'content', 'requests', 'texts', 'message', 'inputs'],
    ...['system', 'systemInstruction', 'system_instruction', 'instructions', 'tools'],
  ]),
};

const NOTHING: Picked = { values: new Map(), lengths: new Map() };

export function pickFacts(body: string | undefined): Picked {
  return body === undefined ? NOTHING : pick(body, WISHES);
}

/** The settings of a request. The names of all protocols: none has two of a kind. */
export function settingsIn({ values }: Picked) {
  const nested = ['generationConfig', 'generation_config', 'inferenceConfig', 'options'].map((key) => values.get(key));
  const first = (...keys: readonly string[]) =>
    [...keys.map((key) => values.get(key)), ...nested.flatMap((each) => keys.map((key) => at(each, key)))]
      .map(numberOf)
      .find((each) => each !== undefined);
  return {
    maxOutputTokens: first(
      ...['max_completion_tokens', 'max_tokens', 'max_output_tokens', 'maxOutputTokens', 'maxTokens', 'num_predict'],
    ),
    temperature: first('temperature'),
    topP: first('top_p', 'topP', 'p'),
    serviceTier:
      values.get('speed') === 'fast'
        ? 'fast'
        : (nameOf(values.get('service_tier')) ??
          nameOf(values.get('serviceTier')) ??
          nameOf(at(values.get('serviceTier'), 'type'))),
    asksForUsage: at(values.get('stream_options'), 'include_usage') === true,
  };
}
