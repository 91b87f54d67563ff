/** What a request says of itself, in any protocol, found without parsing its prompt. */
import { at, nameOf, numberOf } from './foreign.ts';
import { type Picked, pick } from './pick.ts';

const WISHES = {
  values: new Set([
    ...['model', 'stream', 'stream_options', 'temperature', 'top_p', 'service_tier', 'serviceTier', 'speed'],
    ...['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'p', 'n'],
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

/** The settings of a request. The names are those of all protocols: no protocol has two for one thing. */
export function settingsIn({ values }: Picked) {
  const nested = NESTED.map((key) => values.get(key)).filter((each) => each !== undefined);
  return {
    maxOutputTokens: firstNumber(MAX_TOKENS, values, nested),
    choices: firstNumber(CHOICES, values, nested),
    temperature: firstNumber(TEMPERATURE, values, nested),
    topP: firstNumber(TOP_P, values, nested),
    serviceTier: tierIn(values),
    asksForUsage: at(values.get('stream_options'), 'include_usage') === true,
  };
}

/** Google, Bedrock and Ollama have their settings in an object. */
const NESTED = ['generationConfig', 'generation_config', 'inferenceConfig', 'options'];
const MAX_TOKENS = [
  ...['max_completion_tokens', 'max_tokens', 'max_output_tokens', 'maxOutputTokens', 'maxTokens', 'num_predict'],
];
const CHOICES = ['n', 'candidateCount', 'candidate_count'];
const TEMPERATURE = ['temperature'];
const TOP_P = ['top_p', 'topP', 'p'];

function firstNumber(
  keys: readonly string[],
  values: Picked['values'],
  nested: readonly unknown[],
): number | undefined {
  for (const key of keys) {
    const number = numberOf(values.get(key));
    if (number !== undefined) return number;
    for (const each of nested) {
      const inside = numberOf(at(each, key));
      if (inside !== undefined) return inside;
    }
  }
  return undefined;
}

function tierIn(values: Picked['values']): string | undefined {
  if (values.get('speed') === 'fast') return 'fast';
  const tier = values.get('service_tier') ?? values.get('serviceTier');
  return nameOf(tier) ?? nameOf(at(tier, 'type'));
}
