import { expect, it } from 'vitest';
import { schema } from '../../views/index.ts';
import { expectGenerated, table } from '../support/generated.ts';
import { readText } from '../support/sources.ts';

const code = (text: string) => `\`${text}\``;

it('stands in the deployment guide as it is in the views, a line per metric', () => {
  const rows = schema.map(({ metric, type, labels, meaning }) => [
    code(metric),
    type,
    Object.values(labels).map(code).join(', '),
    meaning,
  ]);
  expectGenerated({
    path: 'collector/README.md',
    name: 'schema',
    from: 'views/',
    text: table(['metric', 'type', 'labels', 'meaning'], rows),
  });
});

it.each(['README.md', 'collector/README.md'])('has every metric that %s tells of', (path) => {
  // `level:metric:operation` names a recording rule.
  const told = new Set(readText(path).match(/(?<![:\w])tta_[a-z0-9_]+\b/g));
  const known = new Set(schema.map(({ metric }) => metric));
  expect(told.size).toBeGreaterThan(0);
  expect([...told].filter((name) => !known.has(name))).toEqual([]);
});
