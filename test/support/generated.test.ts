import { expect, it } from 'vitest';
import { table, withPart } from './generated.ts';

it('replaces what stands between the two marks of one part, and says there how it is made', () => {
  const document = 'Before.\n<!-- a: old -->\n| $& |\n<!-- /a -->\nBetween.\n<!-- b: old -->\nB\n<!-- /b -->\nAfter.\n';
  const updated = withPart(document, 'a', 'src/a.ts', "| $' |");
  expect(updated).toBe(
    `Before.\n<!-- a: generated from src/a.ts by \`UPDATE_README=1 npx vitest run test/documents\` -->\n| $' |\n<!-- /a -->\n${document.slice(document.indexOf('Between.'))}`,
  );
  expect(withPart(updated, 'a', 'src/a.ts', "| $' |")).toBe(updated);
});

it('refuses a document that has lost the marks', () => {
  expect(() => withPart('<!-- a: old -->\nA\n', 'a', 'src', 'A')).toThrow('the document has no part "a"');
});

it('makes a table whose cells may hold what would end them', () => {
  expect(table(['a', 'b'], [['x | y', '']])).toBe('| a | b |\n|---|---|\n| x \\| y |  |');
});
