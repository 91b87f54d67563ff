import { AssertionError } from 'node:assert';
import { checkOptions, type Rules } from '../core/check.ts';
import { having, optional } from '../core/rules.ts';
import { type Exposition, parseExposition, select, sumOf } from '../prometheus/parse.ts';
import { createSchemaProvider } from '../prometheus/provider.ts';
import {
  hasMeterProvider,
  hasTracerProvider,
  joinOtherVersions,
  registerMetrics,
  registerTraces,
} from '../sdk/globals.ts';
import { loadSdk } from '../sdk/packages.ts';
import type { ReadableSpan, Sampler } from '../sdk/span-types.ts';
import { spanTree } from './span-tree.ts';

export interface TestTelemetryOptions {
  /** @default every span */
  readonly sampler?: Sampler | undefined;
}

/** An SDK in memory: it keeps spans and metrics, for assertions. */
export interface TestTelemetry {
  /** The finished spans, in the order in which they ended. */
  spans(): readonly ReadableSpan[];
  /** The metrics that Prometheus would read now. */
  scrape(): Promise<Exposition>;
  /** The metrics that Prometheus would read now, as text. */
  scrapeText(): Promise<string>;
  /** Throws an `AssertionError` with both trees unless the finished spans form this tree (see `spanTree`). */
  expectSpans(tree: string): void;
  /** Throws an `AssertionError` with all samples of that name unless those with these labels add up to `value`. */
  expectMetric(name: string, labels: Readonly<Record<string, string>>, value: number): Promise<void>;
  /** Removes the finished spans. */
  clearSpans(): void;
  /** Unregisters this SDK, so that the next one can be started. */
  stop(): Promise<void>;
}

const RULES: Rules<TestTelemetryOptions> = { sampler: optional(having<Sampler>('shouldSample')) };

/** Registers an SDK in memory. There is one at a time: OpenTelemetry's providers are global to the process. */
export function startTestTelemetry(options: TestTelemetryOptions = {}): TestTelemetry {
  checkOptions('TestTelemetryOptions', options, RULES);
  const { sampler } = options;
  const sdk = loadSdk('tta-primitives/testing');
  const spans = new sdk.traces.InMemorySpanExporter();
  const tracerProvider = new sdk.traces.NodeTracerProvider({
    spanProcessors: [new sdk.traces.SimpleSpanProcessor(spans)],
    ...(sampler === undefined ? {} : { sampler }),
  });
  const resource = sdk.resources.resourceFromAttributes({ job: 'tta-primitives' });
  // The text of a test has no exemplars, and which span would be marked as one depends on the time.
  const { provider, exporter } = createSchemaProvider(sdk, { resource, jobLabel: true, exemplars: false });
  joinOtherVersions();
  if (hasMeterProvider() || hasTracerProvider()) {
    throw new Error('startTestTelemetry: an SDK is registered already; stop it first');
  }
  const releaseMetrics = registerMetrics(provider);
  const releaseTraces = registerTraces(tracerProvider);

  const scrapeText = () => exporter.text();
  return {
    spans: () => spans.getFinishedSpans(),
    scrapeText,
    scrape: async () => parseExposition(await scrapeText()),
    expectSpans(tree) {
      const expected = dedent(tree);
      const actual = spanTree(spans.getFinishedSpans());
      if (actual === expected) return;
      throw new AssertionError({ message: `the spans are\n${actual}\nand not\n${expected}`, actual, expected });
    },
    async expectMetric(name, labels, value) {
      const exposition = parseExposition(await scrapeText());
      const actual = sumOf(exposition, name, labels);
      if (Math.abs(actual - value) <= 1e-9 * Math.max(1, Math.abs(value))) return;
      const samples = select(exposition, name).map((sample) => `${JSON.stringify(sample.labels)} ${sample.value}`);
      const message = `${name}${JSON.stringify(labels)} is ${actual} and not ${value}; it has\n${samples.join('\n')}`;
      throw new AssertionError({ message, actual, expected: value });
    },
    clearSpans: () => spans.reset(),
    async stop() {
      releaseTraces();
      releaseMetrics();
      await Promise.all([tracerProvider.shutdown(), provider.shutdown()]);
    },
  };
}

/** The text without the indentation that all lines share, so that a test can indent a tree. */
function dedent(text: string): string {
  const lines = text.replace(/^\s*\n|\s+$/g, '').split('\n');
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(indent)).join('\n');
}
