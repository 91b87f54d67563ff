/** The spans of an agent that a framework runs: the agent, its steps, its tools. */
import type { CallTelemetry } from '../observe-call.ts';
import { ATTR } from '../semconv.ts';

export interface AgentFacts {
  /** The author's word for it. */
  readonly agent: string | undefined;
}

export function agentTelemetry({ agent }: AgentFacts): CallTelemetry {
  const operation = 'invoke_agent';
  return {
    spanName: agent === undefined ? operation : `${operation} ${agent}`,
    isInternal: true,
    samplingAttributes: { [ATTR.genAiOperation]: operation, ...named(agent) },
  };
}

/** @param step counts from 1 */
export function agentStepTelemetry({ agent, step }: AgentFacts & { readonly step: number }): CallTelemetry {
  return {
    spanName: `step ${step}`,
    isInternal: true,
    samplingAttributes: { [ATTR.agentStep]: step, ...named(agent) },
  };
}

export interface ToolFacts extends AgentFacts {
  readonly tool: string;
  readonly callId: string | undefined;
}

export function toolTelemetry({ agent, tool, callId }: ToolFacts): CallTelemetry {
  const operation = 'execute_tool';
  return {
    spanName: `${operation} ${tool}`,
    isInternal: true,
    samplingAttributes: {
      [ATTR.genAiOperation]: operation,
      [ATTR.genAiToolName]: tool,
      ...(callId === undefined ? {} : { [ATTR.genAiToolCallId]: callId }),
      ...named(agent),
    },
  };
}

function named(agent: string | undefined) {
  return agent === undefined ? {} : { [ATTR.genAiAgentName]: agent };
}
