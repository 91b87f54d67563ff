import { schema } from '../../views/index.ts';

/** The schema as the README shows it, a line per metric. */
export function schemaTable(): string {
  const rows = schema.map(({ metric, type, labels, meaning }) => {
    const names = Object.values(labels).map((label) => `\`${label}\``);
    return `| \`${metric}\` | ${type} | ${names.join(', ')} | ${meaning} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
