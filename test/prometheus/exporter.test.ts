import { metrics } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { parseExposition, type Sample } from '../../src/prometheus/parse.ts';
import { createSchemaProvider, type SchemaProvider } from '../../src/prometheus/provider.ts';
import { register } from '../../src/sdk/index.ts';
import { loadSdk } from '../../src/sdk/packages.ts';
import { startTestTelemetry } from '../../src/testing/index.ts';

let made: SchemaProvider | undefined;
afterEach(async () => {
  metrics.disable();
  await made?.provider.shutdown();
});

async function scrape(jobLabel: boolean): Promise<readonly Sample[]> {
  const sdk = loadSdk();
  const resource = sdk.resources.resourceFromAttributes({ job: 'shop', region: 'eu' });
  made = createSchemaProvider(sdk, { resource, jobLabel });
  metrics.setGlobalMeterProvider(made.provider);
  await task('greet', () => 'hello').execute();
  return parseExposition(await made.exporter.text()).samples;
}

const labelsOf = (samples: readonly Sample[], metric: string) => samples.find(({ name }) => name === metric)?.labels;

describe('the exporter', () => {
  it('writes the names and labels of the schema, with the job and without the scope', async () => {
    const samples = await scrape(true);
    const labels = labelsOf(samples, 'tta_execution_duration_seconds_count');
    expect(labels).toEqual({ primitive_type: 'task', job: 'shop' });
    expect(labelsOf(samples, 'target_info')).toEqual({ job: 'shop', region: 'eu' });
  });

  it('writes series without the job when jobLabel is false', async () => {
    const samples = await scrape(false);
    expect(labelsOf(samples, 'tta_execution_duration_seconds_count')).toEqual({ primitive_type: 'task' });
    expect(labelsOf(samples, 'target_info')).toEqual({ job: 'shop', region: 'eu' });
  });

  it('gives the SDK of a test the same series as a program', async () => {
    const step = task('step', () => 1);
    /** The series of the schema. Metrics of the process are removed, because the SDK of a test has none. */
    const series = (text: string) =>
      parseExposition(text)
        .samples.filter(({ name }) => name.startsWith('tta_'))
        .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
        .sort();
    const program = await register({ traces: false, prometheus: false });
    await step.execute();
    const real = series(await program.metrics());
    await program.shutdown();
    const ofTest = startTestTelemetry();
    await step.execute();
    expect(series(await ofTest.scrapeText())).toEqual(real);
    expect(real.length).toBeGreaterThan(10);
    await ofTest.stop();
  });
});
