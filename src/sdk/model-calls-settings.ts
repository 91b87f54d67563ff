/** The settings of the observer of model calls: from the options, else from the environment, else the defaults. */
import { readFileSync } from 'node:fs';
import type { PriceOptions } from '../ledger/price-book.ts';
import { readPriceFile } from '../llm/price-file.ts';
import { messageOf } from '../platform/message-of.ts';
import { hostEntries, type ModelHost, modelHosts } from '../wire/model-hosts.ts';
import type { ModelCallOptions } from '../wire/options.ts';
import { oneOf, textFrom } from './environment.ts';
import { hostsOfClients } from './model-hosts.ts';
import { MODEL_CALL_MODES, type ModelCallMode, type RegisterOptions } from './options.ts';
import { warn } from './warn.ts';

export interface ModelCallsSettings {
  readonly mode: ModelCallMode;
  /** Whether somebody has chosen the mode. */
  readonly isChosen: boolean;
  readonly hosts: Readonly<Record<string, ModelHost>>;
  readonly includeUsage: boolean;
  readonly captureContent: boolean;
  readonly redact: ModelCallOptions['redact'];
  /** Prices of the environment, and those of the options, which come first. */
  readonly prices: readonly PriceOptions[];
}

export function modelCallsFrom({ modelCalls }: RegisterOptions): ModelCallsSettings {
  const {
    mode,
    hosts = {},
    includeUsage = false,
    captureContent,
    redact,
    ...prices
  } = typeof modelCalls === 'object' ? modelCalls : { mode: modelCalls };
  const named = textFrom('TTA_MODEL_CALLS')?.toLowerCase();
  return {
    mode: mode ?? oneOf('TTA_MODEL_CALLS', MODEL_CALL_MODES, 'known'),
    isChosen: mode !== undefined || MODEL_CALL_MODES.some((known) => known === named),
    hosts: Object.fromEntries([
      ...hostsOfClients().map((host) => [host, {}]),
      ...hostsFrom('TTA_MODEL_HOSTS'),
      ...hostEntries(hosts),
    ]),
    includeUsage,
    captureContent: captureContent ?? capturesContent('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'),
    redact,
    prices: [...pricesFrom('TTA_PRICES'), ...(Object.keys(prices).length === 0 ? [] : [prices])],
  };
}

function hostsFrom(name: string): ReturnType<typeof hostEntries> {
  const text = textFrom(name);
  if (text === undefined) return [];
  try {
    modelHosts(name, 'it', text);
    return hostEntries(text);
  } catch {
    // Not quoted: it may be an address with a key.
    warn(`${name} must name hosts such as litellm:4000=litellm, separated by commas; all of it is ignored`);
    return [];
  }
}

/** Other instrumentations know more than true and false here: where the content goes. Ours can be on spans only. */
function capturesContent(name: string): boolean {
  const value = oneOf(name, ['true', 'false', 'span_only', 'span_and_event', 'event_only', 'no_content'], 'false');
  return ['true', 'span_only', 'span_and_event'].includes(value);
}

function pricesFrom(name: string): PriceOptions[] {
  const path = textFrom(name);
  if (path === undefined) return [];
  if (path === 'catalogue') return [{ prices: 'catalogue' }];
  const where = `${name}=${path}`;
  try {
    return [readPriceFile(textOf(path, where), where)];
  } catch (error) {
    warn(`${messageOf(error)}; the prices of this file are not used`);
    return [];
  }
}

function textOf(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${where}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
