/** Checks of model calls: which hosts the program observes, and which calls are not in its dollars, and why. */
import { type Exposition, type Sample, select } from '../../prometheus/parse.ts';
import { type Finding, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

const CHECKS = ['models', 'prices', 'tokens', 'requests'] as const;
/** What the metrics say in place of a host or a model. */
const HOSTS: Readonly<Record<string, string>> = {
  __known__: 'the hosts of all known providers',
  __any__: 'every host',
};
const UNRECOGNISED = '__unrecognised__';

/** @param after what the second of two scrapes gave; `undefined` when the endpoint gave nothing */
export function checkModelCalls(after: Exposition | undefined): Finding[] {
  if (after === undefined) return CHECKS.map((check) => skipped(check, 'the endpoint could not be read'));
  const unmetered = counted(after, 'tta_llm_unmetered_requests_total');
  return [
    models(after),
    prices(after),
    tokens(unmetered.filter(({ labels }) => labels.model !== UNRECOGNISED)),
    requests(unmetered.filter(({ labels }) => labels.model === UNRECOGNISED)),
  ];
}

function models(after: Exposition): Finding {
  const hosts = counted(after, 'tta_llm_observed_hosts');
  if (hosts.length === 0)
    return skipped('models', 'no call over fetch is observed: TTA_MODEL_CALLS is off, or the package is older');
  const names = hosts.map(({ labels: { host = '', provider } }) => HOSTS[host] ?? `${host} (${provider})`);
  const mode = hosts[0]?.labels.mode;
  return ok('models', `Calls over fetch are observed (${mode}) to ${names.join(', ')}`);
}

function prices(after: Exposition): Finding {
  const calls = counted(after, 'tta_llm_unpriced_requests_total');
  const own = new Set(counted(after, 'tta_llm_observed_hosts').map(({ labels }) => labels.provider));
  const why = ({ provider }: Sample['labels']) =>
    own.has(provider) ? ' (a host of your own, which has no price list)' : '';
  return calls.length === 0
    ? ok('prices', 'Every model call whose tokens are known has a price')
    : warning('prices', `Calls without a price: ${listed(calls, why)}`, REMEDY.unpriced);
}

function tokens(calls: readonly Sample[]): Finding {
  return calls.length === 0
    ? ok('tokens', 'The tokens of every answered model call are known')
    : warning('tokens', `Calls without known tokens, and so without a cost: ${listed(calls)}`, REMEDY.unmetered);
}

function requests(calls: readonly Sample[]): Finding {
  const sent = calls.map(({ labels, value }) => `${value} to ${labels.provider}`).join(', ');
  return calls.length === 0
    ? ok('requests', 'Every request to a provider is a known kind of model call')
    : warning('requests', `Requests that are not read, and so without a cost: ${sent}`, REMEDY.unrecognised);
}

function counted(exposition: Exposition, name: string): readonly Sample[] {
  return select(exposition, name).filter(({ value }) => value > 0);
}

function listed(calls: readonly Sample[], why: (labels: Sample['labels']) => string = () => ''): string {
  return calls.map(({ labels, value }) => `${value} to ${labels.model} of ${labels.provider}${why(labels)}`).join(', ');
}
