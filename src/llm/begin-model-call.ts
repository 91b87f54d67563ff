/** Begins a call to a model that is no execution of `llm`, such as one that crosses the wire. */
import { ambientContext } from '../core/context.ts';
import { hasBudget, type Settle } from '../core/spending.ts';
import { isPromise } from '../core/until-cancelled.ts';
import { loadCatalogue } from '../ledger/catalogue.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import { observeCall } from '../telemetry/observe-call.ts';
import { UNKNOWN_MODEL } from '../telemetry/record/charge.ts';
import { modelSeries, recordReply, recordRequest, wireCallTelemetry } from '../telemetry/record/llm.ts';
import { chargeCall, dateIn, type EndedCall, estimator, FREE } from './charging.ts';
import { wasNotBilled } from './failed-call.ts';
import type { ModelCall, ModelCallEnd, ModelCallStart } from './model-call.ts';
import { pricesInForce } from './price-book.ts';
import { reserveAround } from './reserve.ts';

export interface BeginModelCallOptions {
  /** `false`: counts, durations and charges, but no span. @default true */
  readonly spans?: boolean | undefined;
  /** The prices in force at the end of the call. @default those of the process */
  readonly prices?: (() => PriceBook) | undefined;
}

/** Not the error of the abort: its name is the user's, and would be a label. */
const LEFT = Object.freeze({ name: 'AbortError', message: 'the call was aborted, or its reply was left' });

/**
 * Begins a call in the context of the execution around it: a CLIENT span after the GenAI conventions, which is no primitive.
 * Its counts, its span and its charge are made at its end.
 */
export function beginModelCall(start: ModelCallStart, options: BeginModelCallOptions = {}): ModelCall {
  const { spans = true, prices = pricesInForce() } = options;
  const { provider, model } = start;
  const context = ambientContext();
  const call = observeCall(wireCallTelemetry(start), context, { spans });
  const { observation } = call;
  recordRequest(observation, {
    maxTokens: start.maxOutputTokens,
    choices: start.choices,
    temperature: start.temperature,
    topP: start.topP,
    messages: start.inputMessages,
  });
  // It is there when the call ends.
  loadCatalogue();
  let settle: Settle | undefined;
  let wasRefused = false;
  let hasEnded = false;

  const end = (outcome: EndedCall['outcome'], error: unknown, reply: ModelCallEnd, shown?: unknown) => {
    if (hasEnded) return;
    hasEnded = true;
    call.stop();
    const { id, finishReasons, outputMessages: messages } = reply;
    recordReply(observation, { model: reply.model, id, finishReasons, messages });
    const close = (label: string) => {
      const { calls, firstChunk } = modelSeries(provider, label);
      const metrics = { metrics: [calls], firstChunk };
      if (outcome === 'answered') call.succeeded(metrics);
      else if (outcome === 'cancelled') call.failed(LEFT, { ...metrics, outcome: context.cancellation ?? outcome });
      else call.failed(error, { ...metrics, shown: wasRefused ? error : shown });
    };
    if (wasRefused) {
      close(model ?? UNKNOWN_MODEL);
      return;
    }
    const wasRefusedThere = outcome === 'failed' && reply.usage === undefined && wasNotBilled(error);
    const isFree = wasRefusedThere || reply.wasSent === false;
    const { usage, metering, statedDollars, serviceTier } = isFree ? { ...reply, ...FREE } : reply;
    const ended = {
      provider,
      asked: model,
      answered: reply.model,
      outcome,
      usage,
      metering,
      statedDollars,
      serviceTier,
      isFree,
    };
    chargeCall(ended, { context, observation, prices, settle }, (charge) => close(charge.model));
  };

  return {
    reserve() {
      const refused = (error: unknown): never => {
        wasRefused = true;
        throw error;
      };
      if (!hasBudget(context)) return undefined;
      const keep = (given: Settle | undefined) => {
        settle = given;
      };
      try {
        const at = dateIn(context);
        const reserved = reserveAround(context, { ...start, dollarsFor: estimator({ provider, model, at }, prices) });
        if (isPromise(reserved)) return reserved.then(keep, refused);
        keep(reserved);
        return undefined;
      } catch (error) {
        wasRefused = true;
        return Promise.reject(error);
      }
    },
    run: (work) => call.run(work),
    firstChunk: () => call.firstChunk(),
    succeeded: (reply) => end('answered', undefined, reply),
    failed: (error, reply, shown) => end('failed', error, reply, shown),
    cancelled: (error, reply) => end('cancelled', error, reply),
  };
}
