import { describe, expect, it } from 'vitest';
import { REMEDY } from '../../src/tools/doctor/remedies.ts';
import { expectGenerated } from '../support/generated.ts';
import { readText } from '../support/sources.ts';

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

describe('the troubleshooting section of the deployment guide', () => {
  it('is what tta doctor says', () => {
    expectGenerated({
      path: 'collector/README.md',
      name: 'remedies',
      from: 'src/tools/doctor/remedies.ts',
      text: Object.values(REMEDY)
        .map(({ symptom, text }) => wrapped(`**${symptom}** ${text}`))
        .join('\n\n'),
    });
    const before = readText('collector/README.md').split('<!-- remedies: ')[0] ?? '';
    expect(before.trimEnd().split('\n## ').at(-1)).toMatch(/^Troubleshooting\n/);
  });

  it('tells each thing once', () => {
    const remedies = Object.values(REMEDY);
    expect(new Set(remedies.map(({ symptom }) => symptom)).size).toBe(remedies.length);
    for (const { symptom, text } of remedies) expect(`${symptom}|${text}`).toMatch(/^[A-Z][^|]*\.\|.*\.$/);
  });
});
