import { packageManifest } from './package-root.ts';

const TELEMETRY = [
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
];

/**
 * Checks for all packages that a command needs and the library alone does not, so that one line installs them.
 *
 * @param offline whether the offline model answers
 * @throws Error with that line
 */
export function requirePeers(offline: boolean, command = 'tta digest', more: readonly string[] = []): void {
  const needed = [...TELEMETRY, 'openai', ...(offline ? ['gpt-tokenizer'] : []), ...more];
  const missing = needed.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const { peerDependencies } = packageManifest();
  const install = missing.map((name) => `${name}@${peerDependencies[name]?.replace('^', '')}`).join(' ');
  throw new Error(`${command} needs ${missing.length} more packages: npm install ${install}`);
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
