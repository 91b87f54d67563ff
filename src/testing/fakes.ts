import { checkOptions, fail, knownOptions, type Rules, requireName, requirePlain } from '../core/check.ts';
import { milliseconds, optional, text, word } from '../core/rules.ts';
import { type Model, type ModelReply, type Primitive, task, type Usage } from '../index.ts';

/** What one call of a fake does. It waits `delayMs` milliseconds on the clock of the context. */
export type ScriptStep<Out> =
  | { readonly result: Out; readonly delayMs?: number }
  | { readonly error: unknown; readonly delayMs?: number };

export interface ScriptedTask<In, Out> extends Primitive<In, Out> {
  /** The inputs so far, in order. */
  readonly calls: readonly In[];
}

/** A task that follows a script, one step per call. After the end of the script it repeats the last step. */
export function scriptedTask<In, Out>(name: string, script: readonly ScriptStep<Out>[]): ScriptedTask<In, Out> {
  requireName('scriptedTask', name);
  requireScript('scriptedTask', script, TASK_STEP);
  const calls: In[] = [];
  const primitive = task(name, async (input: In, context) => {
    const step = script[Math.min(calls.length, script.length - 1)] as ScriptStep<Out>;
    calls.push(input);
    if (step.delayMs !== undefined) await context.clock.sleep(step.delayMs, context.signal);
    if ('error' in step) throw step.error;
    return step.result;
  });
  return Object.assign(primitive, { calls });
}

export interface ScriptedModelOptions {
  /** @default 'fake-model' */
  readonly id?: string | undefined;
  /** @default 'fake' */
  readonly provider?: string | undefined;
}

const RULES: Rules<ScriptedModelOptions> = { id: optional(word), provider: optional(word) };

/** A model that follows a script of replies and errors. After the end of the script it repeats the last one. */
export function scriptedModel(
  script: readonly (Partial<ModelReply> & { readonly usage?: Usage; readonly error?: unknown })[],
  options: ScriptedModelOptions = {},
): Model {
  requireScript('scriptedModel', script, MODEL_STEP);
  checkOptions('ScriptedModelOptions', options, RULES);
  const { id = 'fake-model', provider = 'fake' } = options;
  let calls = 0;
  return {
    id,
    provider,
    async generate() {
      const step = script[Math.min(calls, script.length - 1)];
      calls += 1;
      if (step?.error !== undefined) throw step.error;
      const { text = '', usage, model, id, finishReason } = step ?? {};
      // As a real model: what is not known is not there.
      const known = Object.entries({ usage, model, id, finishReason }).filter(([, value]) => value !== undefined);
      return { text, ...Object.fromEntries(known) };
    },
  };
}

/** What the steps of a script are: an example for messages, and their keys. One of the keys in `needed` must be there. */
interface StepShape {
  readonly example: string;
  readonly needed: readonly string[];
  readonly known: readonly string[];
}

const TASK_STEP: StepShape = {
  example: '{ result: 1 } or { error }',
  needed: ['result', 'error'],
  known: ['result', 'error', 'delayMs'],
};
const MODEL_STEP: StepShape = {
  example: "{ text: 'yes' } or { error }",
  needed: [],
  known: ['text', 'usage', 'model', 'id', 'finishReason', 'error'],
};

function requireScript(where: string, script: unknown, { example, needed, known }: StepShape): void {
  if (!Array.isArray(script)) fail(where, 'script', 'must be a list of steps', script);
  if (script.length === 0) throw new TypeError(`${where}: needs at least one step, got none`);
  for (const [i, step] of script.entries()) {
    const rule = `must be a step such as ${example}`;
    requirePlain(where, `step ${i + 1}`, rule, step);
    knownOptions(`${where}: step ${i + 1}`, step, known);
    if (needed.length > 0 && !needed.some((key) => key in step)) fail(where, `step ${i + 1}`, rule, step);
    optional(milliseconds)(where, `step ${i + 1}: delayMs`, step.delayMs);
    optional(text)(where, `step ${i + 1}: text`, step.text);
  }
}
