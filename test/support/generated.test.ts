import { expect, it } from 'vitest';
import { table, withPart } from './generated.ts';

it('replaces the text between the two comments of a part, and the first comment says how it is generated', () => {
  const document = 'Before.\n<!-- a: old -->\n| $& |\n<!-- /a -->\nBetween.\n<!-- b: old -->\nB\n<!-- /b -->\nAfter.\n';
  const updated = withPart(document, 'a', 'src/a.ts', "| $' |");
  expect(updated).toBe(
    `Before.\n<!-- a: generated from src/a.ts by \`UPDATE_README=1 npx vitest run test/documents\` -->\n| $' |\n<!-- /a -->\n${document.slice(document.indexOf('Between.'))}`,
  );
  expect(withPart(updated, 'a', 'src/a.ts', "| $' |")).toBe(updated);
});

it('refuses a document without the comments', () => {
  expect(() => withPart('<!-- a: old -->\nA\n', 'a', 'src', 'A')).toThrow('the document has no part "a"');
});

it('makes a table with escaped characters in its cells', () => {
  expect(table(['a', 'b'], [['x | y', '']])).toBe('| a | b |\n|---|---|\n| x \\| y |  |');
});
