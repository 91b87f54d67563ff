/** One call by way of the model port: what `llm` and `llmStream` tell of it, and its charge. */
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { hasBudget, type Settle } from '../core/spending.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { CallPlan } from '../ledger/charge.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import { isTokens } from '../ledger/usage.ts';
import { messagesJson, type Observation, recordReply, recordRequest } from '../telemetry/record/llm.ts';
import { chargeCall, dateIn, type EndedCall, estimator, FREE, preparePrice } from './charging.ts';
import { endsReply, knownReply, mayBeBilled, usageIn, usageOrNone, wasNotBilled } from './failed-call.ts';
import type { GatheredReply } from './gathered-reply.ts';
import type { Model, ModelChunk, ModelReply, ModelRequest, ModelServer } from './model.ts';
import { pricesInForce } from './price-book.ts';
import type { LlmOptions } from './request.ts';
import { reserveAround } from './reserve.ts';
import { uncounted } from './uncounted.ts';

/** What a charge gives to wait for: nothing, unless a price is being loaded. */
type Waiting = PromiseLike<void> | undefined;

/** What all calls of one primitive have in common. */
export interface Port {
  readonly model: Model;
  /** Whom they ask, as far as is known by now. */
  readonly asked: ModelServer & Pick<Model, 'id'>;
  readonly options: LlmOptions;
  readonly prices: () => PriceBook;
  /** The provider whose prices have been looked for. */
  preparedFor: string | undefined;
}

export function portOf(model: Model, options: LlmOptions): Port {
  const { id, provider, serverAddress, serverPort } = model;
  const asked = { id, provider, serverAddress, serverPort };
  return { model, asked, options, prices: pricesInForce({ prices: options.prices }), preparedFor: undefined };
}

/** A call to a model. Its charge is made by the first of `answered`, `failed` and `left`. */
export class PortCall {
  readonly #port: Port;
  readonly #context: ExecutionContext;
  readonly #observation: Observation;
  #settle: Settle | undefined;
  #isCharged = false;

  constructor(port: Port, context: ExecutionContext, observation: Observation) {
    this.#port = port;
    this.#context = context;
    this.#observation = observation;
  }

  /**
   * Lets the model find out whom it asks, shows the request, and asks the budgets around the call. A refusal is thrown, or
   * rejected with.
   */
  begin(request: ModelRequest): Waiting {
    const { model } = this.#port;
    const server = model.findServer === undefined ? undefined : uncounted(() => model.findServer?.());
    if (!isPromise(server)) return this.#begin(request, server);
    return untilCancelled(server, this.#context.scope).then((found) => this.#begin(request, found));
  }

  #begin(request: ModelRequest, server: ModelServer | undefined): Waiting {
    const { asked, options } = this.#port;
    Object.assign(asked, server);
    recordRequest(this.#observation, {
      ...request,
      server: server === undefined ? undefined : asked,
      messages: options.captureContent ? messagesJson(request.messages) : undefined,
    });
    if (this.#port.preparedFor !== asked.provider) {
      this.#port.preparedFor = asked.provider;
      preparePrice(asked.provider, asked.id, this.#port.prices);
    }
    if (!hasBudget(this.#context)) return undefined;
    const settle = reserveAround(this.#context, planOf(this.#port, request, dateIn(this.#context)));
    if (isPromise(settle)) {
      return settle.then((given) => {
        this.#settle = given;
      });
    }
    this.#settle = settle;
    return undefined;
  }

  /** The whole reply has come. `fault`: the reply is an error all the same. */
  answered(reply: ModelChunk, fault?: { readonly error: unknown }): Waiting {
    this.#show(reply);
    return this.#charge(fault === undefined ? 'answered' : 'failed', reply.model, metered(reply));
  }

  /** Tells the author's `onReply` of a reply that has been charged. */
  tell(reply: ModelReply): unknown {
    const { onReply } = this.#port.options;
    if (onReply === undefined) return undefined;
    return decide((_, context) => onReply(reply, context), undefined, this.#context, this.#observation);
  }

  /** The call has failed. `stream`: what has come of a stream that has begun, which a server may bill without saying so. */
  failed(error: unknown, stream?: GatheredReply): Waiting {
    const reply: ModelChunk = stream?.parts ?? {};
    const known = { ...knownReply(error), ...reply };
    this.#show(known);
    const isWhole = stream === undefined || stream.isWhole || endsReply(error);
    const billed = metered({ ...known, usage: usageOrNone(reply.usage) ?? usageIn(error) }, isWhole);
    const wasSent = stream !== undefined || this.#context.cancelled || mayBeBilled(error);
    const isFree = billed.usage === undefined && (!wasSent || wasNotBilled(error));
    return this.#charge('failed', known.model, isFree ? FREE : billed);
  }

  /** The reader has left the reply. */
  left({ parts, isWhole }: GatheredReply): Waiting {
    this.#show(parts);
    return this.#charge('cancelled', parts.model, metered(parts, isWhole));
  }

  #show({ model, id, finishReason, text }: ModelChunk): void {
    const finishReasons = finishReason === undefined ? [] : [finishReason];
    const showsText = this.#port.options.captureContent && text !== undefined;
    const messages = showsText ? messagesJson([{ role: 'assistant', content: text }]) : undefined;
    recordReply(this.#observation, { model, id, finishReasons, messages });
  }

  #charge(
    outcome: EndedCall['outcome'],
    answered: string | undefined,
    cost: Omit<EndedCall, 'outcome' | 'provider' | 'asked' | 'answered'>,
  ): Waiting {
    if (this.#isCharged) return undefined;
    this.#isCharged = true;
    const { provider, id } = this.#port.asked;
    return chargeCall(
      { provider, asked: id, answered, outcome, ...cost },
      {
        context: this.#context,
        observation: this.#observation,
        prices: this.#port.prices,
        settle: this.#settle,
      },
    );
  }
}

/** A usage of which one of the two numbers is unknown is a lower bound, and so is that of a reply that is not whole. */
function metered({ usage: said, dollars, serviceTier }: ModelChunk, isWhole = true) {
  const usage = usageOrNone(said);
  const isExact = isWhole && isTokens(usage?.inputTokens) && isTokens(usage?.outputTokens);
  const metering = usage === undefined ? 'unknown' : isExact ? 'exact' : 'partial';
  const tier = typeof serviceTier === 'string' ? serviceTier : undefined;
  return { usage, metering, statedDollars: dollars, serviceTier: tier } as const;
}

function planOf(
  { asked: { provider, id }, prices }: Port,
  { messages, maxTokens }: ModelRequest,
  at: number,
): CallPlan {
  return {
    provider,
    model: id,
    maxOutputTokens: maxTokens,
    requestBytes: messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
    dollarsFor: estimator({ provider, model: id, at }, prices),
  };
}
