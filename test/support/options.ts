/** Which options a public function takes, from the doc comments of its options interface. */
import { type Field, type TypeDeclaration, typesOf, type ValueDeclaration, valuesOf } from './declarations.ts';
import type { TextFile } from './sources.ts';

/** Names of the front door and the files that declare them, through files that only hand them on. */
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
  /** The type of the options, `undefined` where the function takes none. */
  readonly type: string | undefined;
  readonly fields: readonly Field[];
}

/** What the parameter `options` of the function may hold. */
export function optionsOf({ path, parameters }: ValueDeclaration, files: readonly TextFile[]): OptionsOf {
  const type = /\boptions\??\s*:\s*(\w+)/.exec(parameters)?.[1];
  return { type, fields: type === undefined ? [] : fieldsOf(type, path, files) };
}

/** The fields of an interface, or of all interfaces that an alias or an `extends` puts together. */
export function fieldsOf(name: string, path: string, files: readonly TextFile[]): readonly Field[] {
  const known = typesByName(files);
  const visited = new Set<string>();
  const collect = (word: string, from: string): readonly Field[] => {
    const declared = known.get(word) ?? [];
    // Two files may have a private type of one name: the nearer one is meant.
    const type = declared.find((one) => one.path === from) ?? declared[0];
    if (type === undefined || visited.has(`${type.path} ${word}`)) return [];
    visited.add(`${type.path} ${word}`);
    return [...type.fields, ...type.mentions.flatMap((mention) => collect(mention, type.path))];
  };
  const all = collect(name, path);
  return all.filter((field, i) => all.findIndex((other) => other.name === field.name) === i);
}

const indexes = new WeakMap<readonly TextFile[], ReadonlyMap<string, readonly TypeDeclaration[]>>();

/** Read once for a list of files: every table asks for it. */
function typesByName(files: readonly TextFile[]): ReadonlyMap<string, readonly TypeDeclaration[]> {
  const before = indexes.get(files);
  if (before !== undefined) return before;
  const known = new Map<string, TypeDeclaration[]>();
  for (const type of files.flatMap(typesOf)) known.set(type.name, [...(known.get(type.name) ?? []), type]);
  indexes.set(files, known);
  return known;
}
