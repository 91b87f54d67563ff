/** The options of commands that use a queue. */
import { foreignText } from '../../platform/foreign-text.ts';
import type { Peer } from '../../platform/peers.ts';
import { isReadable } from '../../platform/readable-url.ts';
import { textFrom } from '../../sdk/environment.ts';
import type { EngineAddress } from '../worker/engine.ts';
import { requirePeers } from './require-peers.ts';

export interface QueueOptions {
  readonly redis?: string;
  readonly nats?: string;
  /** @default as the engine says */
  readonly prefix?: string;
}

const DEFAULT_REDIS = 'redis://127.0.0.1:6379';
const PROTOCOLS = { redis: ['redis:', 'rediss:'], nats: ['nats:', 'tls:'] } as const;

/**
 * Where the queue is: the option, else the variable of the environment, else Redis on this machine.
 *
 * @throws Error when both options are given, or what is given is no URL of such a server
 */
export function engineFrom({ redis, nats }: QueueOptions): EngineAddress {
  if (redis !== undefined && nats !== undefined) throw new Error('give --redis or --nats: a queue is in one of them');
  if (redis !== undefined) return { redis: serverUrl('redis', '--redis', redis) };
  if (nats !== undefined) return { nats: serverUrl('nats', '--nats', nats) };
  const [ofRedis, ofNats] = [textFrom('REDIS_URL'), textFrom('NATS_URL')];
  if (ofRedis === undefined && ofNats !== undefined) return { nats: serverUrl('nats', 'NATS_URL', ofNats) };
  return { redis: ofRedis === undefined ? DEFAULT_REDIS : serverUrl('redis', 'REDIS_URL', ofRedis) };
}

/** Errors do not quote the text: it may have a password. */
function serverUrl(kind: keyof typeof PROTOCOLS, where: string, text: string): string {
  const protocols: readonly string[] = PROTOCOLS[kind];
  if (isReadable(text) && protocols.includes(new URL(text).protocol)) return text;
  throw new Error(`${where} must be a URL that starts with ${protocols.map((each) => `${each}//`).join(' or ')}`);
}

const PACKAGES = {
  redis: ['bullmq', 'ioredis'],
  nats: ['@nats-io/jetstream', '@nats-io/transport-node'],
} as const;

export function packagesOf(engine: EngineAddress): readonly Peer[] {
  return PACKAGES['redis' in engine ? 'redis' : 'nats'];
}

/** @throws Error with one line that installs all missing packages */
export function requireEngine(command: string, engine: EngineAddress, more: readonly Peer[] = []): void {
  requirePeers(command, [...packagesOf(engine), ...more]);
}

/** The address, without a password. */
export function addressText(engine: EngineAddress): string {
  return foreignText('redis' in engine ? engine.redis : engine.nats);
}

/** That a queue does not answer, or does again, for the user. */
export function queueAway(name: string, why: string | undefined): string {
  if (why === undefined) return `The engine of the queue ${foreignText(name)} answers again`;
  return `The engine does not answer: ${why}. It is tried again`;
}
