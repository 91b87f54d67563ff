/** CONTRIBUTING names what there is. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, readText } from '../support/sources.ts';

const contributing = readText('CONTRIBUTING.md');
const section = (heading: string) => contributing.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

const foldersOf = (folder: string) =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

it('has every room in its project layout, and no other', () => {
  const layout = section('Project layout').split('```')[1] ?? '';
  const named = [...layout.matchAll(/^(?:src\/(\w+)| {2}([\w-]+)) {2,}\S/gm)].map(([, room, tool]) => room ?? tool);
  expect(named.sort()).toEqual([...foldersOf('src'), ...foldersOf('src/tools')].sort());
});

it('has the five steps that test/five-steps.test.ts names', () => {
  const steps = [...section('A new primitive in five steps').matchAll(/^(\d)\. \*\*/gm)].map(([, number]) => number);
  expect(steps).toEqual(['1', '2', '3', '4', '5']);
});
