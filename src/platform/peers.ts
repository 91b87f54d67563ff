/**
 * The peers of this package: the versions that it works with, and that of the tests, for install lines. package.json
 * allows an SDK of the 1.x line too, which many packages bring: the primitives work beside it, and only `register` and
 * `tta-primitives/testing` need a newer one, and say so. test/platform/peers.test.ts compares this with package.json.
 */
export const PEERS = {
  '@nats-io/jetstream': { tested: '3.4.0', range: '^3.4.0' },
  '@nats-io/transport-node': { tested: '3.4.0', range: '^3.4.0' },
  '@opentelemetry/api': { tested: '1.9.1', range: '^1.9.0' },
  '@opentelemetry/context-async-hooks': { tested: '2.12.0', range: '>=2.0.0 <4' },
  '@opentelemetry/core': { tested: '2.12.0', range: '>=2.0.0 <4' },
  '@opentelemetry/exporter-prometheus': { tested: '0.223.0', range: '>=0.200.0 <0.400.0' },
  '@opentelemetry/resources': { tested: '2.12.0', range: '>=2.0.0 <4' },
  '@opentelemetry/sdk-metrics': { tested: '2.12.0', range: '>=2.0.0 <4' },
  '@opentelemetry/sdk-trace': { tested: '2.12.0', range: '>=2.9.0 <4' },
  '@opentelemetry/sdk-trace-node': { tested: '2.12.0', range: '>=2.0.0 <4' },
  bullmq: { tested: '6.7.0', range: '^6.7.0' },
  'gpt-tokenizer': { tested: '4.0.0', range: '^2.0.0 || ^3.0.0 || ^4.0.0' },
  'hdr-histogram-js': { tested: '3.0.1', range: '^2.0.0 || ^3.0.0' },
  ioredis: { tested: '6.0.0', range: '>=5.4.0 <7' },
  libsql: { tested: '0.5.29', range: '^0.5.29' },
  openai: { tested: '6.49.0', range: '^4.52.0 || ^5.0.0 || ^6.0.0 || ^7.0.0' },
} as const;

export type Peer = keyof typeof PEERS;

/** Packages, each with the version to install. */
export type Versions = Partial<Readonly<Record<Peer, string>>>;

function tested<const Name extends Peer>(...names: readonly Name[]): Versions {
  return Object.fromEntries(names.map((name) => [name, PEERS[name].tested]));
}

/**
 * The packages of an SDK of the 2.x line, in versions that share one sdk-metrics. They need an API below 1.10, and those
 * of the 3.x line one from 1.10 on.
 */
export const SDK_2: Versions = tested(
  '@opentelemetry/api',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
);

/** The packages of an SDK of the 3.x line, which has no sdk-trace-node. */
export const SDK_3: Versions = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/context-async-hooks': '3.1.0',
  '@opentelemetry/core': '3.1.0',
  '@opentelemetry/exporter-prometheus': '0.301.0',
  '@opentelemetry/resources': '3.1.0',
  '@opentelemetry/sdk-metrics': '3.1.0',
  '@opentelemetry/sdk-trace': '3.1.0',
};

export function namesOf(versions: Versions): Peer[] {
  return Object.keys(versions) as Peer[];
}

/** `npm install` with packages and their versions. */
export function installLine(versions: Versions): string {
  return ['npm install', ...Object.entries(versions).map(([name, version]) => `${name}@${version}`)].join(' ');
}

/**
 * An error message with the missing packages and the line that installs them.
 *
 * @param user the part of the program that needs them: the first words of the message
 * @param set the packages that the line installs. @default the missing ones
 */
export function notInstalled(user: string, missing: readonly Peer[], set: Versions = tested(...missing)): string {
  const are = missing.length === 1 ? 'is' : 'are';
  const how = namesOf(set).length > missing.length ? '. Install the set that works together' : '';
  return `${user} needs ${missing.join(', ')}, which ${are} not installed${how}: ${installLine(set)}`;
}
