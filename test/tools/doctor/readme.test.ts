import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';

const README = new URL('../../../README.md', import.meta.url);
const START =
  '<!-- remedies: generated from src/tools/doctor/remedies.ts, `UPDATE_README=1 npx vitest run test/tools/doctor/readme.test.ts` -->\n';
const END = '\n<!-- /remedies -->';
const WIDTH = 120;

/** What a line may break at, and a code span stays whole: a command is copied as it stands. */
function wrapped(text: string): string {
  const words = text.match(/(?:`[^`]*`|\S)+/g) ?? [];
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) as string;
    if (line !== '' && line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

describe('the troubleshooting section of the README', () => {
  it('is what tta doctor says', () => {
    const text = readFileSync(README, 'utf8');
    const [before, rest] = text.split(START) as [string, string | undefined];
    const [, after] = (rest ?? '').split(END);
    const section = Object.values(REMEDY).map((remedy) => wrapped(`**${remedy.symptom}** ${remedy.text}`));
    const updated = `${before}${START}${section.join('\n\n')}${END}${after}`;
    if (process.env.UPDATE_README) writeFileSync(README, updated);
    else expect(text).toBe(updated);
    expect(before.trimEnd().split('\n## ').at(-1)).toMatch(/^Troubleshooting\n/);
  });

  it('tells each thing once', () => {
    const remedies = Object.values(REMEDY);
    expect(new Set(remedies.map(({ symptom }) => symptom)).size).toBe(remedies.length);
    for (const { symptom, text } of remedies) expect(`${symptom}|${text}`).toMatch(/^[A-Z][^|]*\.\|.*\.$/);
  });
});
