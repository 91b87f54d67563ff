/** Hosts that the author names. */
import { fail, type Rule } from '../core/check.ts';
import { flag, object, optional, word } from '../core/rules.ts';
import { isPlain, measure, show } from '../core/show.ts';

export interface ModelHost {
  /** The provider in metrics and prices. @default that of the host: `openai`, `groq`, ..., or the host's name */
  readonly provider?: string | undefined;
  /** Whether the dollars that its replies state are believed. @default only OpenRouter's and those of Vercel's gateway */
  readonly statesCost?: boolean | undefined;
}

/**
 * Hosts of your own, with or without a port, and their providers: `'litellm:4000=litellm, vllm.internal'`, or
 * `{ 'litellm:4000': { provider: 'litellm', statesCost: true } }`.
 */
export type ModelHosts = string | Readonly<Record<string, string | ModelHost>>;

const modelHost: Rule<ModelHost> = object({ provider: optional(word), statesCost: optional(flag) });
/** A name or an address, and perhaps a port. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

export const modelHosts: Rule<ModelHosts> = (where, option, value) => {
  if (typeof value !== 'string' && !isPlain(value)) {
    fail(
      where,
      option,
      "must be a text such as 'litellm:4000=litellm', or an object such as { 'litellm:4000': 'litellm' }",
      value,
    );
  }
  for (const [host, entry] of hostEntries(value as ModelHosts)) {
    if (!HOST.test(host)) {
      // Not quoted: it may be an address with a key.
      throw new TypeError(
        `${where}: ${option} must name hosts such as litellm:4000 or litellm:4000=litellm, got ${measure(host)}`,
      );
    }
    modelHost(where, `${option}[${show(host)}]`, entry);
  }
};

/** The hosts as in `URL.host`. */
export function hostEntries(hosts: ModelHosts): readonly (readonly [string, ModelHost])[] {
  const given = typeof hosts === 'string' ? inText(hosts) : Object.entries(hosts);
  return given.map(([host, entry]) => [hostName(host), typeof entry === 'string' ? { provider: entry } : entry]);
}

function inText(text: string): [string, ModelHost][] {
  const words = text.split(',').map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const [host = '', ...provider] = word.split('=');
      return [host.trim(), provider.length === 0 ? {} : { provider: provider.join('=').trim() }];
    });
}

/** The host of an address, as clients have it in their settings; another text as it is. */
function hostName(text: string): string {
  return (/^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text).host : text).toLowerCase();
}
