/** Reads the options of public functions from the doc comments of their options interfaces. */
import { type Field, type TypeDeclaration, typesOf, type ValueDeclaration, valuesOf } from './declarations.ts';
import type { TextFile } from './sources.ts';

/** The public names and the files that declare them. Files that only re-export a name are followed. */
export function exportsOf(path: string, files: readonly TextFile[]): readonly ValueDeclaration[] {
  const file = files.find((one) => one.path === path);
  if (file === undefined) return [];
  const own = valuesOf(file);
  const handedOn = [...file.content.matchAll(/^export \{([^}]*)\} from '([^']+)';/gm)].flatMap(
    ([, list = '', from]) => {
      const names = list.split(',').map((name) => name.trim());
      const target = new URL(from as string, `file:///${path}`).pathname.slice(1);
      return exportsOf(target, files).filter(({ name }) => names.includes(name));
    },
  );
  return [...own, ...handedOn];
}

export interface OptionsOf {
  /** The type of the options; `undefined` when the function has no options. */
  readonly type: string | undefined;
  readonly fields: readonly Field[];
}

/** The fields of the parameter `options` of the function. */
export function optionsOf({ path, parameters }: ValueDeclaration, files: readonly TextFile[]): OptionsOf {
  const type = /\boptions\??\s*:\s*(\w+)/.exec(parameters)?.[1];
  return { type, fields: type === undefined ? [] : fieldsOf(type, path, files) };
}

/** The fields of an interface, or of all interfaces of an alias or an `extends`. */
export function fieldsOf(name: string, path: string, files: readonly TextFile[]): readonly Field[] {
  const known = typesByName(files);
  const visited = new Set<string>();
  const collect = (word: string, from: string): readonly Field[] => {
    const declared = known.get(word) ?? [];
    // Two files can have a private type with the same name: the one in the same file is used.
    const type = declared.find(({ path }) => path === from) ?? declared[0];
    if (type === undefined || visited.has(`${type.path} ${word}`)) return [];
    visited.add(`${type.path} ${word}`);
    return [...type.fields, ...type.mentions.flatMap((mention) => collect(mention, type.path))];
  };
  const all = collect(name, path);
  return all.filter((field, i) => all.findIndex((other) => other.name === field.name) === i);
}

const indexes = new WeakMap<readonly TextFile[], ReadonlyMap<string, readonly TypeDeclaration[]>>();

/** The result for a list of files is cached, because every table needs it. */
function typesByName(files: readonly TextFile[]): ReadonlyMap<string, readonly TypeDeclaration[]> {
  const before = indexes.get(files);
  if (before !== undefined) return before;
  const known = new Map<string, TypeDeclaration[]>();
  for (const type of files.flatMap(typesOf)) known.set(type.name, [...(known.get(type.name) ?? []), type]);
  indexes.set(files, known);
  return known;
}
