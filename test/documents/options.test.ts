/** The README's options are those of the sources, as their doc comments tell them. */
import { describe, expect, it } from 'vitest';
import { expectGenerated } from '../support/generated.ts';
import { optionTables } from '../support/option-tables.ts';
import { exportsOf, optionsOf } from '../support/options.ts';
import { filesUnder, readText } from '../support/sources.ts';

const sources = filesUnder('src', /\.ts$/);
const primitives = readText('README.md').split('\n## The primitives\n')[1]?.split('\n## ')[0] ?? '';

describe("the README's options", () => {
  it('are those of the sources, in the order of its primitives', () => {
    expectGenerated({ path: 'README.md', name: 'options', from: 'src', text: optionTables(sources, primitives) });
  });

  it.each(['idleMs', 'staleMs', 'whenUnknown', 'halfOpenProbes', 'captureContent', 'maxWaitMs'])(
    'have %s',
    (option) => {
      expect(optionTables(sources, primitives)).toMatch(new RegExp(`^\\| \`${option}\` \\|`, 'm'));
    },
  );

  it('are the only ones that its table of primitives shows', () => {
    const functions = exportsOf('src/index.ts', sources);
    const shown = [...primitives.matchAll(/`(\w+)\([^`]*?, \{ ([^}`]*) \}\)`/g)];
    expect(shown.length).toBeGreaterThan(7);
    const unknown = shown.flatMap(([, name, list = '']) => {
      const declared = functions.find((one) => one.name === name);
      if (declared === undefined) return [];
      const { fields } = optionsOf(declared, sources);
      const options = list.split(', ').map((option) => option.replace(/:.*/, ''));
      return options
        .filter((option) => !fields.some((field) => field.name === option))
        .map((option) => `${name} has no option ${option}`);
    });
    expect(unknown).toEqual([]);
  });
});

describe('a table of options', () => {
  const files = [
    {
      path: 'src/index.ts',
      content: [
        "export { type WaitOptions, wait } from './flow/wait.ts';",
        "export { tell } from './flow/tell.ts';",
        "export { both } from './flow/both.ts';",
        "export { plain } from './flow/plain.ts';",
      ].join('\n'),
    },
    {
      path: 'src/flow/wait.ts',
      content: `
export interface WaitOptions {
  /** Replaces WaitPrimitive. */
  readonly name?: string;
  /** Waits for \`a | b\`, in milliseconds. @default 10 */
  readonly waitMs?: number;
  /** What it
   * is for. */
  readonly what: string;
}
export function wait(p: Primitive, options: WaitOptions = {}): Primitive {}
`,
    },
    {
      path: 'src/flow/tell.ts',
      content: `
interface Loud {
  /** How loud. @default as loud as it can */
  readonly loud?: boolean;
}
export type TellOptions = Loud & Omit<WaitOptions, 'name'>;
export function tell(options?: TellOptions): Primitive {}
`,
    },
    { path: 'src/flow/both.ts', content: 'export const both = 1;\nexport function one(options: WaitOptions): void {}' },
    {
      path: 'src/flow/plain.ts',
      content:
        'interface PlainOptions {\n  /** Replaces. */\n  name?: string;\n}\nexport function plain(options: PlainOptions): Primitive {}',
    },
  ];

  it('has option, default and meaning, and tells once what several have', () => {
    expect(optionTables(files, 'tell(p), wait(p)')).toBe(`### tell

| option | default | meaning |
|---|---|---|
| \`loud\` | as loud as it can | How loud. |
| \`waitMs\` | \`10\` | Waits for \`a \\| b\`, in milliseconds. |
| \`what\` | required | What it is for. |

### wait

As for \`tell\`: \`waitMs\` and \`what\`.

\`plain\`: \`name\` and no other option.`);
  });
});
