/** The configuration table of the README: the options of `register`, and the variables of the environment that it reads. */
import type { Field } from './declarations.ts';
import { defaultOf } from './option-tables.ts';
import { fieldsOf } from './options.ts';
import type { TextFile } from './sources.ts';

export interface Setting {
  /** The path of the option with dots, or the field of the settings when no option exists. */
  readonly path: string;
  readonly isOption: boolean;
  readonly variables: readonly string[];
  readonly byDefault: string;
  readonly doc: string;
}

const OPTIONS = 'src/sdk/options.ts';
const SETTINGS = {
  TracesSettings: 'src/sdk/traces-settings.ts',
  MetricsPushSettings: 'src/sdk/metrics-push-settings.ts',
};
const VARIABLE = /\b(?:OTEL|TTA)_\w+(?:=\w+)?/g;

/** The options in the order of the interfaces. The fields of an option that is an object follow it. */
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
  const alone = Object.entries(SETTINGS)
    .flatMap(([name, file]) => fieldsOf(name, file, files))
    .filter(({ byDefault = '' }) => byDefault.match(VARIABLE) !== null)
    .map((field) => settingOf(field, field.name, false));
  return [...options, ...alone];
}

/** Splits a default such as `OTEL_A, OTEL_B, or 5`: the variables OTEL_A and OTEL_B, and 5 when neither is set. */
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
