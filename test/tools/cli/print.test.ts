import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('what the commands write', () => {
  it('passes print.ts, which removes what a terminal would obey', () => {
    const folder = 'src/tools/cli';
    const writing = readdirSync(folder).filter((name) => /\bconsole\./.test(readFileSync(`${folder}/${name}`, 'utf8')));
    expect(writing).toEqual(['print.ts']);
  });
});
