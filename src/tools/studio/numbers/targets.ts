/** The endpoints that are scraped, and how the last scrape of each went. */
import { bearer } from '../../../platform/bearer.ts';
import { type Clock, dateOf } from '../../../platform/clock.ts';
import { foreignText } from '../../../platform/foreign-text.ts';
import { type Exposition, select } from '../../../prometheus/parse.ts';
import { createHttpRequest } from '../../doctor/http-request.ts';
import { metricsAddress } from '../../doctor/metrics-address.ts';
import type { TargetState } from '../api.ts';
import type { Reading } from './reading.ts';
import { MAX_SCRAPE_BYTES, scrape } from './scrape.ts';

export interface TargetOptions {
  /** `http://127.0.0.1:9464`; the path of an address without one is `/metrics`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer TOKEN`. @default none */
  readonly token?: string | undefined;
}

export interface Targets {
  /** Has one more endpoint, which is scraped for ever. */
  give(target: TargetOptions): void;
  /** Has one more endpoint, or one that is known, and scrapes it. It is forgotten some time after it has ended. */
  add(target: TargetOptions): Promise<TargetState>;
  /** Scrapes all. */
  scrapeAll(atMs: number): Promise<void>;
  states(): readonly TargetState[];
}

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Named when Studio started: it is asked for ever. */
  readonly isGiven: boolean;
  state: TargetState;
  /** The end of its last good scrape; before it, when it was told. */
  goodMs: number;
  /** Of its process, Unix seconds. */
  start: number | undefined;
  running: Promise<void> | undefined;
}

const START = 'process_start_time_seconds';
const MAX_TARGETS = 50;
const TIMEOUT_MS = 4_000;
/** A program that told its address and has ended is asked this much longer. */
const FORGET_MS = 600_000;

export interface TargetEvents {
  /** @returns the reading; `undefined` when it is no longer wanted */
  onScrape(url: string, exposition: Exposition, atMs: number): Reading | undefined;
  /** It can no longer be read: where its gauges stand is not known. */
  onLost(url: string): void;
}

export function createTargets(clock: Clock, { onScrape, onLost }: TargetEvents): Targets {
  const targets = new Map<string, Target>();
  const request = createHttpRequest(clock, TIMEOUT_MS, MAX_SCRAPE_BYTES);

  async function read(target: Target, atMs: number): Promise<void> {
    const { url, headers, state } = target;
    const result = await scrape(request, url, headers, TIMEOUT_MS);
    const [scrapes, lastMs] = [state.scrapes + 1, dateOf(clock)];
    const start = 'exposition' in result ? select(result.exposition, START)[0]?.value : undefined;
    const twin = start === undefined ? undefined : otherName(target, start);
    if ('problem' in result || twin !== undefined) {
      const problem =
        'problem' in result ? foreignText(result.problem) : `It is the program at ${twin?.state.url}: it counts once.`;
      onLost(url);
      target.state = { ...state, scrapes, lastMs, problem };
      return;
    }
    const { series, leftOut } = onScrape(url, result.exposition, atMs) ?? { series: 0, leftOut: 0 };
    target.goodMs = lastMs;
    target.start = start;
    const problem = leftOut === 0 ? '' : `${leftOut} of its series have no room here: they are in no number.`;
    target.state = { ...state, scrapes, lastMs, problem, series };
  }

  /** An earlier endpoint that is the same process under another name of this machine: `localhost` and `127.0.0.1`. */
  function otherName(target: Target, start: number): Target | undefined {
    const place = loopbackPlace(target.url);
    for (const other of targets.values()) {
      if (other === target) return undefined;
      if (place !== undefined && loopbackPlace(other.url) === place && other.start === start) return other;
    }
    return undefined;
  }

  function once(target: Target, atMs: number): Promise<void> {
    target.running ??= read(target, atMs).finally(() => {
      target.running = undefined;
    });
    return target.running;
  }

  function targetOf({ url: given, token }: TargetOptions, isGiven: boolean): Target {
    const url = checked(given);
    const known = targets.get(url);
    if (known !== undefined) return known;
    if (targets.size >= MAX_TARGETS) throw new RangeError(`Studio scrapes ${MAX_TARGETS} endpoints at most`);
    const headers = token === undefined ? {} : { authorization: bearer(token) };
    const state = { url: shown(url), scrapes: 0, lastMs: null, problem: '', series: 0 };
    const target = { url, headers, isGiven, state, goodMs: dateOf(clock), start: undefined, running: undefined };
    targets.set(url, target);
    return target;
  }

  return {
    give: (options) => void targetOf(options, true),
    async add(options) {
      const target = targetOf(options, false);
      // What a scrape that has begun reads can be older than what the caller wants counted.
      await target.running;
      await once(target, dateOf(clock));
      return target.state;
    },
    async scrapeAll(atMs) {
      for (const [url, { isGiven, goodMs, state }] of targets) {
        if (!isGiven && state.problem !== '' && atMs - goodMs > FORGET_MS) targets.delete(url);
      }
      await Promise.all([...targets.values()].map((target) => once(target, atMs)));
    },
    states: () => [...targets.values()].map(({ state }) => state),
  };
}

function checked(text: string): string {
  if (typeof text !== 'string' || text.length > 2_000 || !URL.canParse(text))
    throw new RangeError('The address of an endpoint must be like http://127.0.0.1:9464/metrics');
  const { protocol } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new RangeError(`The address of an endpoint must begin with http: or https:, got ${protocol}`);
  return metricsAddress(text);
}

/** Without a user and a password. */
function shown(url: string): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return address.href;
}

/** The port and path of an address of this machine, which has several names. */
function loopbackPlace(url: string): string | undefined {
  const { hostname, port, pathname, search } = new URL(url);
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) ? `${port}${pathname}${search}` : undefined;
}
