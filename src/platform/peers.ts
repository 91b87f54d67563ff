/**
 * The peers of this package, each with the version that its tests run with: what an install line names. `package.json`
 * says the same, and test/platform/peers.test.ts compares them.
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

/** The SDK. The 2.x SDK needs an API below 1.10; two versions of sdk-metrics must not stand side by side. */
export const SDK_PEERS = [
  '@opentelemetry/api',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
] as const satisfies readonly Peer[];

/**
 * The message of an error: what is missing, and the line that installs it.
 *
 * @param user what needs them, as the first words of the sentence
 * @param set what is installed together with them. @default only what is missing
 */
export function notInstalled(user: string, missing: readonly Peer[], set: readonly Peer[] = missing): string {
  const are = missing.length === 1 ? 'is' : 'are';
  const how = set.length > missing.length ? '. Install the set that works together' : '';
  const packages = set.map((name) => `${name}@${PEER_VERSIONS[name]}`).join(' ');
  return `${user} needs ${missing.join(', ')}, which ${are} not installed${how}: npm install ${packages}`;
}
