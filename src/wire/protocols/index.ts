/** All protocols: which of them a request is in, and what it says. */

import { inputMessages } from '../content.ts';
import { estimatedInput } from '../estimate.ts';
import { nameOf } from '../foreign.ts';
import { ReplyHeard } from '../heard.ts';
import { createOutputMessages } from '../output-messages.ts';
import type { Picked } from '../pick.ts';
import type { Recognised, RequestFacts, WireRequest } from '../protocol.ts';
import { BodyReader } from '../reply-reader.ts';
import { pickFacts, settingsIn } from '../request-facts.ts';
import { type Route, routeOf } from './routes.ts';

/**
 * The protocol of a request, by its path; on a host that is in no list also by its body.
 *
 * @param host whether it is known to serve models
 */
export function recognise(request: WireRequest, host: { readonly listed: boolean }): Recognised | undefined {
  if (request.method !== 'POST') return undefined;
  const route = routeOf(request.url.pathname);
  if (route === undefined) return undefined;
  const picked = pickFacts(request.body);
  if (!host.listed && !route.looksRight(request, picked)) return undefined;
  const facts = factsOf(request, route, picked);
  const inputTokens =
    request.body === undefined || facts.streams === false ? undefined : estimatedInput(request.body, picked);
  return {
    facts,
    inputMessages: (options) => inputMessages(request.body, options),
    reader({ believesCost, costHeader }, options) {
      const output = createOutputMessages(options);
      const { usage: shape } = route.reply;
      const heard = new ReplyHeard({ shape, believesCost, tier: facts.serviceTier, inputTokens, output });
      // A stream's header is written before its cost is known.
      if (facts.streams !== true) heard.dollars(costHeader);
      return new BodyReader({
        protocol: route.reply,
        heard,
        streams: facts.streams,
        asksForUsage: facts.asksForUsage === true,
        keepsText: output !== undefined,
      });
    },
  };
}

function factsOf(request: WireRequest, route: Route, picked: Picked): RequestFacts {
  const { maxOutputTokens, choices, temperature, topP, serviceTier, asksForUsage } = settingsIn(picked);
  return {
    protocol: route.name,
    operation: route.operation,
    model: modelIn(route, request) ?? nameOf(picked.values.get('model')),
    streams: (route.streams ?? streamsIn)(request, picked),
    maxOutputTokens,
    choices,
    temperature,
    topP,
    serviceTier,
    asksForUsage: route.mustAskForUsage ? asksForUsage : undefined,
  };
}

function streamsIn(_: WireRequest, { values, lengths }: Picked): boolean | undefined {
  if (values.has('stream')) return values.get('stream') === true;
  return values.size > 0 || lengths.size > 0 ? false : undefined;
}

/** A model in a path may be encoded; Bedrock's may be the end of a longer name (`arn:aws:bedrock:...:inference-profile/m`). */
function modelIn({ model }: Route, request: WireRequest): string | undefined {
  const written = model?.(request);
  if (written === undefined) return undefined;
  try {
    return nameOf(decodeURIComponent(written).replace(/^arn:.*\//, ''));
  } catch {
    return nameOf(written);
  }
}
