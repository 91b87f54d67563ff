/** The option tables of the README: one for every public function with options, from the doc comments. */
import type { Field, ValueDeclaration } from './declarations.ts';
import { table } from './generated.ts';
import { exportsOf, fieldsOf, optionsOf } from './options.ts';
import type { TextFile } from './sources.ts';

/** Parts of an argument that have their own options. */
const PARTS: Readonly<Record<string, { readonly title: string; readonly type: string }>> = {
  fallback: { title: 'A substitute of `fallback`', type: 'ConditionalSubstitute' },
  saga: { title: 'A step of `saga`', type: 'SagaStep' },
};

interface Entry {
  readonly names: readonly string[];
  readonly fields: readonly Field[];
  readonly path: string;
}

/** @param order a text with the names of the functions; functions that it does not name are last */
export function optionTables(files: readonly TextFile[], order: string): string {
  const place = ({ name }: ValueDeclaration) => {
    const at = order.search(new RegExp(`\\b${name}\\(`));
    return at === -1 ? order.length : at;
  };
  const functions = [...exportsOf('src/index.ts', files), ...exportsOf('src/queue/index.ts', files)].sort(
    (a, b) => place(a) - place(b),
  );
  const entries = entriesOf(functions, files);
  const shown: Entry[] = [];
  const blocks = entries.flatMap((entry): string[] => {
    const { names, fields, path } = entry;
    const own = fields.filter((field) => field.name !== 'name');
    const whole = shown.find((earlier) => contains(earlier.fields, own));
    shown.push(entry);
    const part = PARTS[names[0] as string];
    if (own.length === 0 && part === undefined) return [];
    const tables = [
      ...(own.length === 0 ? [] : [whole === undefined ? tableOf(own) : sameAs(own, whole)]),
      ...(part === undefined ? [] : [`${part.title}:`, tableOf(partFields(part.type, path, files))]),
    ];
    return [`### ${names.join(', ')}`, ...tables];
  });
  const bare = entries.filter(({ fields }) => fields.length === 1 && fields[0]?.name === 'name');
  return [...blocks, bareLine(bare.flatMap(({ names }) => names))].join('\n\n');
}

/** Functions with the same options are one entry. */
function entriesOf(functions: readonly ValueDeclaration[], files: readonly TextFile[]): Entry[] {
  const byType = new Map<string, Entry>();
  for (const declaration of functions) {
    const { type, fields } = optionsOf(declaration, files);
    if (type === undefined) continue;
    if (fields.length === 0) throw new Error(`${declaration.name}: no fields were found for its options ${type}`);
    const before = byType.get(type);
    byType.set(type, { names: [...(before?.names ?? []), declaration.name], fields, path: declaration.path });
  }
  return [...byType.values()];
}

function partFields(type: string, path: string, files: readonly TextFile[]): readonly Field[] {
  const fields = fieldsOf(type, path, files);
  if (fields.length === 0) throw new Error(`there is no interface ${type}`);
  return fields;
}

function contains(whole: readonly Field[], some: readonly Field[]): boolean {
  return (
    some.length > 1 && some.every(({ name, doc }) => whole.some((field) => field.name === name && field.doc === doc))
  );
}

function sameAs(fields: readonly Field[], whole: Entry): string {
  const names = fields.map(({ name }) => `\`${name}\``);
  return `As for \`${whole.names[0]}\`: ${names.slice(0, -1).join(', ')} and ${names.at(-1)}.`;
}

function bareLine(names: readonly string[]): string {
  return `${names.map((name) => `\`${name}\``).join(', ')}: \`name\` and no other option.`;
}

function tableOf(fields: readonly Field[]): string {
  return table(
    ['option', 'default', 'meaning'],
    fields.map((field) => [`\`${field.name}\``, defaultOf(field), field.doc]),
  );
}

/** A value is formatted as code, a sentence stays as it is. */
export function defaultOf({ byDefault, optional }: Field): string {
  if (byDefault === undefined) return optional ? 'none' : 'required';
  return /^(?:-?[\d.]+|true|false|'[^']*'|\w+\.\w+)$/.test(byDefault) ? `\`${byDefault}\`` : byDefault;
}
