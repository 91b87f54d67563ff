/** The README's table of configuration: what `register` takes, and what it reads from the environment. */
import type { Field } from './declarations.ts';
import { defaultOf } from './option-tables.ts';
import { fieldsOf } from './options.ts';
import type { TextFile } from './sources.ts';

export interface Setting {
  /** The option with its dots, or the field of the settings where there is no such option. */
  readonly path: string;
  readonly isOption: boolean;
  readonly variables: readonly string[];
  readonly byDefault: string;
  readonly doc: string;
}

const OPTIONS = 'src/sdk/options.ts';
const SETTINGS = 'src/sdk/settings.ts';
const VARIABLE = /\bOTEL_\w+(?:=\w+)?/g;

/** In the order of the interfaces; an option that is an object is followed by what it holds. */
export function settingsOf(files: readonly TextFile[]): readonly Setting[] {
  const nested = (field: Field): readonly Setting[] => {
    const type = /\b\w+Options\b/.exec(field.type)?.[0];
    const within = type === undefined ? [] : fieldsOf(type, OPTIONS, files);
    return [
      settingOf(field, field.name, true),
      ...within.map((one) => settingOf(one, `${field.name}.${one.name}`, true)),
    ];
  };
  const options = fieldsOf('RegisterOptions', OPTIONS, files).flatMap(nested);
  const alone = fieldsOf('TracesSettings', SETTINGS, files)
    .filter(({ byDefault = '' }) => byDefault.match(VARIABLE) !== null)
    .map((field) => settingOf(field, field.name, false));
  return [...options, ...alone];
}

/** A default such as `OTEL_A, OTEL_B, or 5` is the variables A and B, and 5 where neither is set. */
function settingOf(field: Field, path: string, isOption: boolean): Setting {
  const { byDefault = '', doc } = field;
  const variables = byDefault.match(VARIABLE) ?? [];
  const otherwise = variables.length === 0 ? byDefault : byDefault.slice(byDefault.lastIndexOf(', or ') + 5);
  return { path, isOption, variables, byDefault: defaultOf({ ...field, byDefault: otherwise || undefined }), doc };
}

export function configurationRows(files: readonly TextFile[]): string[][] {
  return settingsOf(files).map(({ path, isOption, variables, byDefault, doc }) => [
    isOption ? `\`${path}\`` : '',
    variables.map((name) => `\`${name}\``).join(', '),
    byDefault,
    doc,
  ]);
}
