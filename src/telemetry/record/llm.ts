/** The spans of calls to models, after the GenAI conventions. What they cost is in `charge.ts`. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { Observation } from '../observation.ts';
import type { CallTelemetry } from '../observe-call.ts';
import type { KindTelemetry } from '../primitive-telemetry.ts';
import { ATTR } from '../semconv.ts';
import { CHAT, modelSeries, withErrorTypes } from './model-series.ts';

export type { Observation } from '../observation.ts';
export { modelSeries } from './model-series.ts';

interface ModelFacts {
  readonly id: string;
  readonly provider: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
}

/** The telemetry of an execution that calls one model. `streams`: replies come in chunks. */
export function modelCallTelemetry(model: ModelFacts, { streams = false } = {}): KindTelemetry {
  const { id } = model;
  const seriesOf = (provider: string) => {
    const { calls, firstChunk } = modelSeries(provider, id);
    return { provider, calls: withErrorTypes(calls), firstChunk };
  };
  let known = seriesOf(model.provider);
  /** Read when an execution ends: who the provider is may be known only since the first request. */
  const series = () => {
    if (known.provider !== model.provider) known = seriesOf(model.provider);
    return known;
  };
  return {
    spanName: `chat ${id}`,
    spanKind: SpanKind.CLIENT,
    samplingAttributes: { ...CHAT, ...modelAttributes(model) },
    metrics: [
      {
        get success() {
          return series().calls.success;
        },
        get failure() {
          return series().calls.failure;
        },
        get outcomes() {
          return series().calls.outcomes;
        },
        get duration() {
          return series().calls.duration;
        },
        durationOfFailure: (error) => series().calls.durationOfFailure(error),
      },
    ],
    ...(streams
      ? { firstChunk: { record: (seconds, observation) => series().firstChunk.record(seconds, observation) } }
      : {}),
  };
}

interface CallFacts extends Omit<ModelFacts, 'id'> {
  readonly operation: string;
  readonly model: string | undefined;
  readonly resendCount?: number | undefined;
}

/** The telemetry of a call that is no execution. Its metrics are known at its end. */
export function wireCallTelemetry(call: CallFacts): CallTelemetry {
  const { operation, model, resendCount } = call;
  const samplingAttributes = callAttributes(call);
  samplingAttributes[ATTR.genAiOperation] = operation;
  if (resendCount !== undefined && resendCount > 0) samplingAttributes[ATTR.resendCount] = resendCount;
  return { spanName: model === undefined ? operation : `${operation} ${model}`, samplingAttributes };
}

/** Field by field: a model may be an instance of a class that has getters. */
function modelAttributes({ id, provider, serverAddress, serverPort }: ModelFacts): Attributes {
  return callAttributes({ model: id, provider, serverAddress, serverPort });
}

function callAttributes({ provider, model, serverAddress, serverPort }: Omit<CallFacts, 'operation'>): Attributes {
  const attributes: Attributes = { [ATTR.genAiProvider]: provider };
  if (model !== undefined) attributes[ATTR.genAiRequestModel] = model;
  if (serverAddress !== undefined) attributes[ATTR.serverAddress] = serverAddress;
  if (serverPort !== undefined) attributes[ATTR.serverPort] = serverPort;
  return attributes;
}

interface RequestFacts {
  readonly maxTokens?: number | undefined;
  readonly choices?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** The messages as JSON text, where the user asks for content. */
  readonly messages?: string | undefined;
  /** Whom the request goes to, where that was not certain when the span began. */
  readonly server?: ModelFacts | undefined;
}

export function recordRequest(observation: Observation, request: RequestFacts): void {
  // Its series are 0 before its first dollars: a rate over a series that begins with them does not see them.
  if (request.server !== undefined) modelSeries(request.server.provider, request.server.id);
  observation.span?.setAttributes({
    [ATTR.genAiRequestMaxTokens]: request.maxTokens,
    // The conventions have it only where it is not 1.
    [ATTR.genAiRequestChoices]: request.choices === 1 ? undefined : request.choices,
    [ATTR.genAiRequestTemperature]: request.temperature,
    [ATTR.genAiRequestTopP]: request.topP,
    [ATTR.genAiInputMessages]: request.messages,
    ...(request.server === undefined ? {} : modelAttributes(request.server)),
  });
}

interface ReplyFacts {
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  readonly finishReasons?: readonly string[] | undefined;
  /** The messages as JSON text, where the user asks for content. */
  readonly messages?: string | undefined;
}

export function recordReply(observation: Observation, { model, id, finishReasons, messages }: ReplyFacts): void {
  observation.span?.setAttributes({
    [ATTR.genAiResponseModel]: model,
    [ATTR.genAiResponseId]: id,
    [ATTR.genAiFinishReasons]:
      finishReasons === undefined || finishReasons.length === 0 ? undefined : [...finishReasons],
    [ATTR.genAiOutputMessages]: messages,
  });
}

interface Message {
  readonly role: string;
  readonly content: string;
}

/** Messages in the conventions' form, as JSON text: attributes of spans cannot be objects. */
export function messagesJson(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] })));
}
