/** Which of CONTRIBUTING's five steps are left out for a primitive. Pure: sources in, messages out. */
import { parseSource } from '../rooms/source.ts';
import { type Field, type ValueDeclaration, valuesOf } from '../support/declarations.ts';
import { exportsOf, optionsOf } from '../support/options.ts';
import type { TextFile } from '../support/sources.ts';

/** The texts that are asked, by their paths from the checkout. */
export interface Checkout {
  readonly sources: readonly TextFile[];
  readonly tests: readonly TextFile[];
  readonly readme: string;
  readonly changelog: string;
  /** Names of instruments, and of those that a row of the views shows. */
  readonly instruments: readonly string[];
  readonly shown: readonly string[];
}

/** The entries that primitives are exported from. */
const DOORS = ['src/index.ts', 'src/queue/index.ts'];
const KINDS = 'test/contract/kinds.ts';
const CALLBACKS = 'test/contract/callbacks.ts';
const PUBLIC_API = 'test/public-api.test.ts';
const CHECKS = 'test/core/check.test.ts';

/** Every sentence says the step, what is missing and for which primitive. */
export function judgeSteps(checkout: Checkout): string[] {
  const primitives = primitivesOf(checkout.sources);
  return [
    ...primitives.flatMap((primitive) => [
      ...judgeFile(primitive, checkout.sources),
      ...judgeWaiting(primitive, checkout.sources),
      ...judgeFrontDoor(primitive, checkout),
      ...judgeProof(primitive, checkout, primitives),
      ...judgeOptionChecks(primitive, checkout),
      ...judgeCallbacks(primitive, checkout),
    ]),
    ...judgeMetrics(checkout),
  ];
}

/**
 * The factories of primitives: what the front door exports, and what is exported beside it in the rooms that it takes
 * primitives from. A factory says that it returns a `Primitive`; of a constant that says nothing its file decides.
 */
export function primitivesOf(sources: readonly TextFile[]): readonly ValueDeclaration[] {
  const isFactory = ({ path, returns }: ValueDeclaration) => {
    if (returns !== undefined) return returns.endsWith('Primitive');
    return /\b(?:createPrimitive|sequence)\b/.test(codeOf(path, sources));
  };
  const exported = publicValues(sources).filter((value) => isFactory(value) || hidesWhatItReturns(value, sources));
  const rooms = new Set(exported.map(({ path }) => roomOf(path)));
  const beside = sources
    .filter(({ path }) => rooms.has(roomOf(path)))
    .flatMap(valuesOf)
    .filter((value) => isFactory(value) && !exported.some(({ name }) => name === value.name));
  return [...exported, ...beside];
}

/** A public function that does not declare what it returns may be a factory: it is judged as one. */
function hidesWhatItReturns({ name, path, returns }: ValueDeclaration, sources: readonly TextFile[]): boolean {
  return returns === undefined && new RegExp(`^export function ${name}\\b`, 'm').test(codeOf(path, sources));
}

/** Step 1: a file with its name. */
function judgeFile(primitive: ValueDeclaration, sources: readonly TextFile[]): string[] {
  const { name, path, doc } = primitive;
  const file = `${roomOf(path)}/${kebab(name)}.ts`;
  const code = codeOf(path, sources);
  const observed = /\b(?:createPrimitive|sequence)\s*[(<]/.test(code);
  const hasOptions = optionsOf(primitive, sources).fields.length > 0;
  const checks = !hasOptions || checksFirst(primitive, code, sources);
  return [
    ...unless(observed, 1, `\`${name}\` must return createPrimitive(...), which makes it observed`),
    ...unless(
      checks,
      1,
      `\`${name}\` must call checkOptions(...) before anything else: what it refuses must leave nothing`,
    ),
    ...unless(path === file, 1, `\`${name}\` must stand in ${file}, the file with its name, not in ${path}`),
    ...unless(doc.includes('@example'), 1, `an @example is missing in the doc comment of \`${name}\``),
    ...unless(doc.includes('@throws'), 1, `what it throws (@throws) is missing in the doc comment of \`${name}\``),
    ...optionsOf(primitive, sources).fields.flatMap((field) => judgeOption(name, field)),
  ];
}

/** Whether the factory checks its options, itself or by a function of its room, before it makes or registers anything. */
function checksFirst({ name, path }: ValueDeclaration, code: string, sources: readonly TextFile[]): boolean {
  const inRoom = sources.filter((source) => roomOf(source.path) === roomOf(path));
  const checkers = inRoom.flatMap((source) => functionsThatCheck(parseSource(source.path, source.content).code));
  const bodies = [...code.matchAll(new RegExp(`^export (?:function|const) ${name}\\b`, 'gm'))];
  const body = code.slice(bodies.at(-1)?.index ?? code.length);
  const first = body.search(new RegExp(`\\b(?:${['checkOptions', ...checkers].join('|')})\\s*\\(`));
  const registers = body.search(/\b(?:createPrimitive|namesOf|requirePrimitive|\w+Recorder)\s*[(<]/);
  return first >= 0 && (registers < 0 || first < registers);
}

/** Functions that are not exported as factories and call `checkOptions`. */
function functionsThatCheck(code: string): string[] {
  return code
    .split(/^(?=(?:export )?function )/m)
    .filter((part) => /\bcheckOptions\s*\(/.test(part) && !/\bcreatePrimitive\b/.test(part))
    .flatMap((part) => /^(?:export )?function (\w+)/.exec(part)?.[1] ?? []);
}

function judgeOption(primitive: string, { name, optional, doc, byDefault }: Field): string[] {
  if (doc === '') return unless(false, 1, `the doc comment of the option \`${name}\` is missing for \`${primitive}\``);
  // That of the name is in its sentence: the name of the kind.
  const said = byDefault !== undefined || name === 'name' || !optional;
  const unit = !name.endsWith('Ms') || /\bmilliseconds\b/.test(doc);
  return [
    ...unless(said, 1, `the @default of the option \`${name}\` is missing for \`${primitive}\``),
    ...unless(unit, 1, `the unit (milliseconds) of the option \`${name}\` is missing for \`${primitive}\``),
  ];
}

/** Step 2: waiting and calling. */
function judgeWaiting({ name, path }: ValueDeclaration, sources: readonly TextFile[]): string[] {
  const code = codeOf(path, sources);
  const executes = /\.execute\s*\(/.test(code);
  const waits = /\bset(?:Timeout|Interval|Immediate)\b/.test(code);
  return [
    ...unless(!executes, 2, `\`${name}\` must run what it wraps with invoke(input, context), not with execute(...)`),
    ...unless(!waits, 2, `\`${name}\` must wait with context.sleep(ms) or context.after(ms, ...), not with a timer`),
  ];
}

/** Step 3: what it tells. */
function judgeMetrics({ instruments, shown }: Checkout): string[] {
  return instruments.flatMap((instrument) =>
    unless(shown.includes(instrument), 3, `a row in views/ is missing for the instrument \`${instrument}\``),
  );
}

/** Step 4: the front door. */
function judgeFrontDoor(primitive: ValueDeclaration, { sources, tests, readme }: Checkout): string[] {
  const { name } = primitive;
  const hasOptions = optionsOf(primitive, sources).fields.length > 0;
  const options = new RegExp(`^### .*\\b${name}\\b|\`${name}\``, 'm').test(section(readme, 'Options'));
  const exported = publicValues(sources).some((one) => one.name === name);
  const listed = contentOf(tests, PUBLIC_API).includes(`'${name}'`);
  const row = new RegExp(`^\\|[^|]*\`${name}\\(`, 'm').test(section(readme, 'The primitives'));
  return [
    ...unless(exported, 4, `the export in ${DOORS[0]} is missing for \`${name}\``),
    ...unless(listed, 4, `the name in ${PUBLIC_API} is missing for \`${name}\``),
    ...unless(row, 4, `a row in README.md, "The primitives", is missing for \`${name}\``),
    ...unless(!hasOptions || options, 4, `the options in README.md, "Options", are missing for \`${name}\``),
  ];
}

/** Step 5: proof. */
function judgeProof(
  { name, path }: ValueDeclaration,
  { tests, changelog }: Checkout,
  primitives: readonly ValueDeclaration[],
): string[] {
  const called = new RegExp(`\\b${name}\\s*[(<]`);
  const names = primitives.map((primitive) => primitive.name);
  const own = path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts');
  const used = new RegExp(`\\b${name}\\s*[()<]`);
  const typed = tests.some((file) => {
    const code = codeOf(file.path, [file]);
    return code.includes('expectTypeOf(') && used.test(code);
  });
  const tested = codeOf(own, tests);
  const proves = called.test(tested) && /\b(?:it|test)\b/.test(tested) && /\bexpect\w*\(/.test(tested);
  return [
    ...unless(factoriesOf(tests, names).includes(name), 5, `a row in ${KINDS} is missing for \`${name}\``),
    ...unless(proves, 5, `its own tests in ${own} are missing for \`${name}\``),
    ...unless(typed, 5, `a test of its types (expectTypeOf) is missing for \`${name}\``),
    ...unless(changelog.includes(`\`${name}\``), 5, `a line in CHANGELOG.md is missing for \`${name}\``),
  ];
}

/** Step 5 too: the suite that every table of options runs. */
function judgeOptionChecks(primitive: ValueDeclaration, { sources, tests }: Checkout): string[] {
  const { type } = optionsOf(primitive, sources);
  // A comment is no row.
  const listed = type === undefined || parseSource(CHECKS, contentOf(tests, CHECKS)).text.includes(`'${type}'`);
  return unless(listed, 5, `a row for ${type} in ${CHECKS} is missing for \`${primitive.name}\``);
}

/** Step 5 too: every callback, of the options or a parameter, has a row in the table of those that must hold nobody. */
function judgeCallbacks(primitive: ValueDeclaration, { sources, tests }: Checkout): string[] {
  const { name, parameters } = primitive;
  const options = optionsOf(primitive, sources).fields.filter(({ type }) => type.includes('=>'));
  const own = [...parameters.matchAll(/\b(\w+)\??\s*:\s*\([^()]*\)\s*=>/g)].map(([, parameter = '']) => parameter);
  const rows = parseSource(CALLBACKS, contentOf(tests, CALLBACKS)).text;
  return [...options.map((option) => option.name), ...own].flatMap((callback) =>
    unless(
      rows.includes(`'${callback} of ${name}'`),
      5,
      `a row in ${CALLBACKS} is missing for the callback \`${callback}\` of \`${name}\``,
    ),
  );
}

/** Of every row of the contract suite the factory that it is about: the first one that the row calls. */
function factoriesOf(tests: readonly TextFile[], names: readonly string[]): (string | undefined)[] {
  const { code } = parseSource(KINDS, contentOf(tests, KINDS));
  const rows = code.slice(code.indexOf('kinds: readonly Kind[] =')).split(/^ {2}\{/m);
  return rows.map((row) =>
    [...row.matchAll(/\b(\w+)\s*[(<]/g)].map(([, word = '']) => word).find((w) => names.includes(w)),
  );
}

function publicValues(sources: readonly TextFile[]): readonly ValueDeclaration[] {
  return DOORS.flatMap((door) => exportsOf(door, sources));
}

function unless(holds: boolean, step: number, sentence: string): string[] {
  return holds ? [] : [`step ${step}: ${sentence}`];
}

function codeOf(path: string, sources: readonly TextFile[]): string {
  return parseSource(path, contentOf(sources, path)).code;
}

function contentOf(files: readonly TextFile[], path: string): string {
  return files.find((file) => file.path === path)?.content ?? '';
}

function section(markdown: string, heading: string): string {
  return markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
}

function roomOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
