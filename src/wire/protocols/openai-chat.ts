/**
 * OpenAI's chat completions and completions, and what others add to them: usage in `x_groq` (Groq), a cost (OpenRouter,
 * Perplexity, Vercel's gateway), an error in a choice (OpenRouter), reasoning (DeepSeek, vLLM), parts of texts (Mistral).
 */
import { statedDollars } from '../../ledger/stated-dollars.ts';
import { OPENAI_USAGE } from '../../ledger/usage-shapes.ts';
import { at, entriesOf } from '../foreign.ts';
import type { Heard } from '../heard.ts';
import { type ReplyProtocol, textsOf } from '../reply-protocol.ts';

const MESSAGE = { content: true, reasoning_content: true, reasoning: true, refusal: true, tool_calls: true } as const;
const COST = { provider_metadata: { gateway: true } } as const;

export const openaiChat: ReplyProtocol = {
  usage: OPENAI_USAGE,
  wanted: {
    ...{ id: true, model: true, usage: true, service_tier: true, x_groq: true, error: true },
    // An error may be the whole body.
    ...{ object: true, type: true, code: true, message: true },
    choices: { index: true, finish_reason: true, error: true, message: COST, delta: COST },
  },
  content: { choices: { text: true, message: MESSAGE, delta: MESSAGE } },
  marks: /"(?:usage|x_groq|provider_metadata)"\s*:\s*\{|"(?:error|finish_reason)"\s*:\s*["{]|"object"\s*:\s*"error"/,
  textKeys: textsOf('content', 'reasoning_content', 'reasoning', 'refusal', 'arguments', 'text'),
  endsWithReason: true,
  read(event, heard, { isWhole, name }) {
    const error = at(event, 'error');
    if (error) heard.failed(error);
    else if (name === 'error' || at(event, 'object') === 'error') heard.failed(event);
    heard.id(at(event, 'id'));
    heard.model(at(event, 'model'));
    heard.tier(at(event, 'service_tier'));
    const usage = at(event, 'usage');
    heard.usage(at(event, 'x_groq', 'usage'));
    heard.usage(usage);
    heard.dollars(statedDollars(usage));
    entriesOf(at(event, 'choices')).forEach((choice, place) => {
      readChoice(choice, at(choice, 'index') ?? place, heard);
    });
    if (isWhole) heard.done();
  },
};

function readChoice(choice: unknown, answer: unknown, heard: Heard): void {
  const reason = at(choice, 'finish_reason');
  const error = at(choice, 'error');
  if (error) heard.failed(error);
  else if (reason === 'error') heard.failed({ type: 'finish_reason_error', message: 'the model ended with an error' });
  heard.finished(reason, answer);
  const message = at(choice, 'delta') ?? at(choice, 'message');
  heard.dollars(at(message, 'provider_metadata', 'gateway', 'cost'));
  heard.text(at(message, 'reasoning_content') ?? at(message, 'reasoning'), 'reasoning', answer);
  heard.text(at(message, 'content') ?? at(choice, 'text'), 'text', answer);
  heard.text(at(message, 'refusal'), 'text', answer);
  entriesOf(at(message, 'tool_calls')).forEach((call, place) => {
    const [name, given] = [at(call, 'function', 'name'), at(call, 'function', 'arguments')];
    heard.toolCall({ place: at(call, 'index') ?? place, id: at(call, 'id'), name, arguments: given }, answer);
  });
}
