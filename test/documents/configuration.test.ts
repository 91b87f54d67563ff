/** The README's configuration is that of the sources: every option, every variable, every default. */
import { describe, expect, it, vi } from 'vitest';
import { settingsFrom } from '../../src/sdk/settings.ts';
import { configurationRows, settingsOf } from '../support/configuration-table.ts';
import { expectGenerated, table } from '../support/generated.ts';
import { filesUnder, readText } from '../support/sources.ts';

const sdk = ['src/sdk', 'src/prometheus', 'src/wire', 'src/ledger'].flatMap((folder) => filesUnder(folder, /\.ts$/));
const settings = settingsOf(sdk);

/** Without those that are handed on as they are given: their default is that of the wire, the ledger and the exporter. */
const own = settings.filter(
  ({ path }) =>
    !/\.(?:redact|priceAs|tierFactors|maxDollarsPerCall)$/.test(path) &&
    (!path.startsWith('prometheus.') || /\.(?:host|port|token|allowedHosts)$/.test(path)),
);

/** What holds without an option and with an empty environment, by the paths of the table. */
function actualOf(path: string): string {
  for (const name of Object.keys(process.env)) if (/^(?:OTEL|TTA)_/.test(name)) vi.stubEnv(name, undefined);
  const { traces, metricsPush, ...others } = settingsFrom({});
  if (path === 'metricsPush') return metricsPush === undefined ? 'false' : 'on';
  const { url: pushUrl, ...pushing } = settingsFrom({ metricsPush: {} }).metricsPush ?? expect.unreachable();
  const { sampleRatio, spanProcessors, url, ...sending } = traces ?? expect.unreachable();
  const all = {
    ...{ ...others, ...sending, sampleRatio, spanProcessors },
    traces: { ...sending, endpoint: url.origin },
    metricsPush: { ...pushing, endpoint: pushUrl.origin },
  };
  const value = path.split('.').reduce<unknown>((held, key) => (held as Record<string, unknown>)[key], all);
  if (value === undefined) return 'none';
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.keys(value).length === 0 ? 'none' : 'on';
}

describe("the README's table of configuration", () => {
  it('is that of the sources', () => {
    expectGenerated({
      path: 'README.md',
      name: 'configuration',
      from: 'src/sdk',
      text: table(['option', 'environment', 'default', 'meaning'], configurationRows(sdk)),
    });
  });

  it('has what was once forgotten', () => {
    const paths = settings.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['spanProcessors', 'exportTimeoutMs', 'jobLabel', 'traces.headers']));
  });

  it.each(own.map(({ path, byDefault }) => [path, byDefault]))('says the default of %s', (path, byDefault) => {
    const said = byDefault.replaceAll('`', '');
    expect(said === actualOf(path) || said.startsWith(`${actualOf(path)}: `), `${said}, is ${actualOf(path)}`).toBe(
      true,
    );
  });

  it('stands with every variable that the SDK reads', () => {
    const read = sdk.flatMap(({ content }) =>
      [...content.matchAll(/'((?:OTEL|TTA)_[A-Z_]+)'/g)].map(([, name]) => name),
    );
    const section = readText('README.md').split('\n## Configuration\n')[1]?.split('\n## ')[0] ?? '';
    expect(read.length).toBeGreaterThan(12);
    expect(read.filter((name) => !new RegExp(`\`${name}[=\`]`).test(section))).toEqual([]);
  });
});
