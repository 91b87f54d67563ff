/** The hosts whose requests are read, and what is believed of their replies. */
import { providerOfHost, statesCost } from '../llm/providers.ts';
import { hostEntries, type ModelHosts } from './model-hosts.ts';

/** A host whose requests are read. */
export interface SeenHost {
  readonly provider: string;
  /** Whether it is a provider's own host, or one that the author has named: it is known to serve models. */
  readonly listed: boolean;
  /** Whether the dollars that its replies state are believed. */
  readonly believesCost: boolean;
}

/** How many hosts are remembered: a program may call any number. */
const MOST_HOSTS = 1_000;
/** How many hosts that are in no list have their name in metrics. */
const MOST_NAMES = 100;
const OTHER_HOST = '__other__';

/** Whether requests to a host are read. The host is as in `URL.host`. */
export type HostFinder = (host: string) => SeenHost | undefined;

/** @param all whether hosts that are in no list are read too */
export function hostFinder(hosts: ModelHosts, all: boolean): HostFinder {
  const own = new Map(hostEntries(hosts));
  const names = new Set<string>();
  const nameOf = (host: string) => {
    if (names.size < MOST_NAMES) names.add(host);
    return names.has(host) ? host : OTHER_HOST;
  };
  const find: HostFinder = (host) => {
    const name = host.replace(/:\d+$/, '');
    // `URL.host` has no port where it is the usual one.
    const usual = host === name ? (own.get(`${name}:443`) ?? own.get(`${name}:80`)) : undefined;
    const entry = own.get(host) ?? own.get(name) ?? usual;
    const owner = providerOfHost(host);
    const listed = entry !== undefined || owner !== undefined;
    if (!listed && !all) return undefined;
    return {
      provider: entry?.provider ?? owner ?? (listed ? name : nameOf(name)),
      listed,
      believesCost: entry?.statesCost ?? statesCost(owner),
    };
  };
  const known = new Map<string, SeenHost | undefined>();
  return (host) => {
    if (known.has(host)) return known.get(host);
    if (known.size >= MOST_HOSTS) known.clear();
    const found = find(host);
    known.set(host, found);
    return found;
  };
}
