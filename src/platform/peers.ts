/**
 * The peers of this package, each with the version of its tests, for install lines. `package.json` has the same versions,
 * and test/platform/peers.test.ts compares them.
 */
export const PEER_VERSIONS = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/exporter-prometheus': '0.223.0',
  '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
  '@opentelemetry/resources': '2.12.0',
  '@opentelemetry/sdk-metrics': '2.12.0',
  '@opentelemetry/sdk-trace-node': '2.12.0',
  'gpt-tokenizer': '4.0.0',
  'hdr-histogram-js': '3.0.1',
  openai: '6.49.0',
  protobufjs: '7.6.6',
} as const;

export type Peer = keyof typeof PEER_VERSIONS;

/** The packages of the SDK. The 2.x SDK needs an API below 1.10, and only one version of sdk-metrics may be installed. */
export const SDK_PEERS = [
  '@opentelemetry/api',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
] as const satisfies readonly Peer[];

/**
 * An error message with the missing packages and the line that installs them.
 *
 * @param user the part of the program that needs them: the first words of the message
 * @param set the packages that the line installs. @default the missing ones
 */
export function notInstalled(user: string, missing: readonly Peer[], set: readonly Peer[] = missing): string {
  const are = missing.length === 1 ? 'is' : 'are';
  const how = set.length > missing.length ? '. Install the set that works together' : '';
  const packages = set.map((name) => `${name}@${PEER_VERSIONS[name]}`).join(' ');
  return `${user} needs ${missing.join(', ')}, which ${are} not installed${how}: npm install ${packages}`;
}
