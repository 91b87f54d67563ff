/** The names that only the Vercel AI SDK knows: of agents, steps and tools. The model calls are seen on the wire. */
import { ambientContext } from '../core/context.ts';
import { readProperty } from '../platform/read-property.ts';
import { type CallTelemetry, type ObservedCall, observeCall } from '../telemetry/observe-call.ts';
import { agentStepTelemetry, agentTelemetry, toolTelemetry } from '../telemetry/record/agent.ts';

/** What the AI SDK calls an integration of telemetry: `Telemetry` in version 7, `TelemetryIntegration` in version 6. */
export interface AiSdkTelemetry {
  readonly onStart: (event: unknown) => void;
  readonly onStepStart: (event: unknown) => void;
  readonly onStepEnd: (event: unknown) => void;
  readonly onStepError: (event: unknown) => void;
  readonly onEnd: (event: unknown) => void;
  readonly onAbort: (event: unknown) => void;
  readonly onError: (event: unknown) => void;
  readonly executeLanguageModelCall: <Out>(options: { readonly execute: () => PromiseLike<Out> }) => PromiseLike<Out>;
  readonly executeTool: <Out>(options: { readonly execute: () => PromiseLike<Out> }) => PromiseLike<Out>;
  /** Version 6. */
  readonly onToolCallStart: (event: unknown) => void;
  /** Version 6. */
  readonly onToolCallFinish: (event: unknown) => void;
}

interface AgentRun {
  readonly agent: string | undefined;
  readonly call: ObservedCall;
  step: ObservedCall | undefined;
}

/** More than these at once have no spans: an end that the SDK does not tell must not fill the memory. */
const MOST_RUNS = 1_000;
const ABORTED = Object.freeze({ name: 'AbortError', message: 'the call was aborted' });

/**
 * Spans with the names that the Vercel AI SDK knows. Version 7: `invoke_agent FUNCTION_ID`, in it `step N`, in that the model
 * calls and `execute_tool NAME`. Version 6, which gives no context to run in: `execute_tool NAME`. It counts nothing: the
 * model calls are counted by `observeModelCalls`. No prompt, argument or result is in these spans.
 *
 * @example
 * registerTelemetry(aiSdkTelemetry()); // registerTelemetry is of the package ai
 */
export function aiSdkTelemetry(): AiSdkTelemetry {
  /** By the id of the call. */
  const runs = new Map<unknown, AgentRun>();
  /** Version 6: by the very object of the tool call. */
  const tools = new Map<unknown, ObservedCall>();
  const runOf = (event: unknown) => runs.get(readProperty(event, 'callId'));

  const endStep = (event: unknown, error?: unknown) => {
    const run = runOf(event);
    end(run?.step, error);
    if (run !== undefined) run.step = undefined;
  };
  const endRun = (event: unknown, error?: unknown) => {
    endStep(event, error);
    end(runOf(event)?.call, error);
    runs.delete(readProperty(event, 'callId'));
  };
  const inRun = <Out>(run: AgentRun | undefined, work: () => Out): Out => {
    const call = run?.step ?? run?.call;
    return call === undefined ? work() : call.run(work);
  };

  return {
    onStart(event) {
      const callId = readProperty(event, 'callId');
      if (callId === undefined || runs.size >= MOST_RUNS || !isAgent(event)) return;
      const agent = textIn(event, 'functionId');
      runs.set(callId, { agent, call: begin(agentTelemetry({ agent })), step: undefined });
    },
    onStepStart(event) {
      const run = runOf(event);
      const step = readProperty(event, 'stepNumber');
      if (run === undefined || typeof step !== 'number') return;
      end(run.step);
      run.step = run.call.run(() => begin(agentStepTelemetry({ agent: run.agent, step: step + 1 })));
    },
    onStepEnd: (event) => endStep(event),
    onStepError: (event) => endStep(event, errorIn(event)),
    onEnd: (event) => endRun(event),
    onAbort: (event) => endRun(event, ABORTED),
    onError: (event) => endRun(event, errorIn(event)),
    executeLanguageModelCall: (options) => inRun(runOf(options), options.execute),
    executeTool(options) {
      const run = runOf(options);
      const tool = inRun(run, () => beginTool(options, run?.agent));
      return settled(tool, tool.run(options.execute));
    },
    onToolCallStart(event) {
      const toolCall = readProperty(event, 'toolCall');
      if (tools.size < MOST_RUNS) tools.set(toolCall, beginTool(event, undefined));
    },
    onToolCallFinish(event) {
      const toolCall = readProperty(event, 'toolCall');
      end(tools.get(toolCall), readProperty(event, 'success') === false ? errorIn(event) : undefined);
      tools.delete(toolCall);
    },
  };
}

/** Embeddings, objects and the like are one call, which has its span on the wire. */
function isAgent(event: unknown): boolean {
  const operation = textIn(event, 'operationId');
  return operation === undefined || /Text$/.test(operation);
}

function begin(telemetry: CallTelemetry): ObservedCall {
  return observeCall(telemetry, ambientContext());
}

function beginTool(event: unknown, agent: string | undefined): ObservedCall {
  const toolCall = readProperty(event, 'toolCall');
  const tool = textIn(toolCall, 'toolName') ?? 'unknown';
  return begin(
    toolTelemetry({ tool, callId: textIn(toolCall, 'toolCallId'), agent: agent ?? textIn(event, 'functionId') }),
  );
}

function end(call: ObservedCall | undefined, error?: unknown): void {
  if (error === undefined) call?.succeeded();
  else call?.failed(error, error === ABORTED ? { outcome: 'cancelled' } : {});
}

async function settled<Out>(call: ObservedCall, work: PromiseLike<Out>): Promise<Out> {
  try {
    const result = await work;
    call.succeeded();
    return result;
  } catch (error) {
    call.failed(error);
    throw error;
  }
}

/** An error that is told without one is an error all the same. */
function errorIn(event: unknown): unknown {
  return readProperty(event, 'error') ?? new Error('the AI SDK tells of an error');
}

function textIn(value: unknown, key: string): string | undefined {
  const text = readProperty(value, key);
  return typeof text === 'string' && text !== '' ? text : undefined;
}
