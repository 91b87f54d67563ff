import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';
import { component } from '../support/component.ts';
import { anyProgram, type Page, pagesOf } from './any-program.ts';

function idsOf({ samples }: Exposition): string[] {
  return samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
}

/** Every complaint about the form of a text. */
async function check({ text, openMetrics, maxSamples }: Page): Promise<void> {
  const parsed = parseExposition(text);
  const ids = idsOf(parsed);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeLessThanOrEqual(maxSamples);
  const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(types).size).toBe(types.length);
  for (const { name, labels, value } of parsed.samples) {
    if (parsed.types.get(name) === 'counter') expect(value).toBeGreaterThanOrEqual(0);
    expect(Object.values(labels).every((each) => each.length > 0 && each.length <= 1_024)).toBe(true);
  }
  // OpenMetrics has the same samples.
  expect(openMetrics.endsWith('# EOF\n')).toBe(true);
  const lines = (each: string) =>
    each
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .sort();
  expect(lines(openMetrics)).toEqual(lines(text));
}

const RUNS = 100;

describe('a scrape of anything', () => {
  it('is in the format, has each series once and no more lines than its limit, in both formats', async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async (options) => {
        for (const texts of await pagesOf(options)) await check(texts);
      }),
      { numRuns: RUNS },
    );
  }, 60_000);

  const promtool = component('promtool');

  it.skipIf(promtool === undefined)(
    'is what promtool reads',
    async () => {
      const runs = fc.sample(anyProgram, RUNS);
      for (const options of runs) {
        const all = await pagesOf(options);
        const last = all.at(-1) as Page;
        const { stderr } = spawnSync(promtool as string, ['check', 'metrics'], { input: last.text, encoding: 'utf8' });
        expect(stderr).not.toContain('parsing error');
      }
    },
    120_000,
  );

  const python = spawnSync('/usr/bin/python3', ['-c', 'import prometheus_client.openmetrics.parser']).status === 0;

  it.skipIf(!python)(
    'is what a parser of OpenMetrics by somebody else reads',
    async () => {
      const texts = (await Promise.all(fc.sample(anyProgram, RUNS).map(pagesOf))).map((all) => all.at(-1)?.openMetrics);
      const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', PARSE], {
        input: JSON.stringify(texts),
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual([]);
    },
    120_000,
  );
});

/** The parser wants `le="1.0"`; we write it as the text format does. */
const PARSE = `
import sys, json, re
from prometheus_client.openmetrics import parser
parser._isUncanonicalNumber = lambda s: False
bad = []
for text in json.load(sys.stdin):
    try:
        list(parser.text_string_to_metric_families(text))
    except Exception as e:
        bad.append([repr(e), text[:2000]])
print(json.dumps(bad[:3]))
`;
