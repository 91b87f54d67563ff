import { statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import type { Primitive } from '../../index.ts';
import { messageOf } from '../../platform/message-of.ts';
import { readProperty } from '../../platform/read-property.ts';
import type { Codec, JobQueue } from '../../queue/index.ts';

export type Primitives = Readonly<Record<string, Primitive<never, unknown>>>;

export interface LoadedModule {
  /** By the names of their exports. */
  readonly primitives: Primitives;
  /** The exports that are calls of a queue: a worker that ran them would send the job on, to itself. */
  readonly leftOut: readonly string[];
  /** The queues that it exports. */
  readonly queues: readonly JobQueue[];
  /** The codecs that it exports, such as what `devalueCodec` returns. */
  readonly codecs: readonly Codec[];
}

/**
 * Imports a module and takes its exports that are primitives.
 *
 * @param specifier a path, or what an import in a file of `folder` could say
 * @throws Error when the module cannot be loaded, with the reason as its cause, or exports no primitive
 */
export async function loadPrimitives(specifier: string, folder: string): Promise<LoadedModule> {
  const exported = await importFrom(specifier, folder);
  const found = Object.entries(exported).filter(([, value]) => isPrimitive(value));
  const isSent = ([, value]: [string, unknown]) => readProperty(value, 'type') === 'distribute';
  const work = found.filter((each) => !isSent(each));
  if (work.length === 0) throw new Error(`${specifier} exports no primitive${insteadOf(exported)}`);
  return {
    primitives: Object.fromEntries(work) as Primitives,
    leftOut: found.filter(isSent).map(([name]) => name),
    queues: [...new Set(Object.values(exported).filter(isQueue))],
    codecs: [...new Set(Object.values(exported).filter(isCodec))],
  };
}

/** By shape: the module may use another copy of this package. `startWorker` refuses one that does not fit. */
function isPrimitive(value: unknown): boolean {
  return ['execute', 'pipe'].every((method) => typeof readProperty(value, method) === 'function');
}

function isQueue(value: unknown): value is JobQueue {
  return ['send', 'open', 'work', 'stats'].every((method) => typeof readProperty(value, method) === 'function');
}

function isCodec(value: unknown): value is Codec {
  return ['encode', 'decode'].every((method) => typeof readProperty(value, method) === 'function');
}

async function importFrom(specifier: string, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(folder, specifier);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error(`${path} is a folder: name a file in it`);
  const isFile = found !== undefined;
  if (!isFile && isPath(specifier)) throw new Error(`there is no file ${path}`);
  try {
    return withDefault(isFile ? await import(pathToFileURL(path).href) : await importIn(folder)(specifier));
  } catch (error) {
    throw new Error(`${specifier} cannot be loaded: ${messageOf(error)}${helpFor(error)}`, { cause: error });
  }
}

const isPath = (specifier: string) => isAbsolute(specifier) || /^\.{0,2}[\\/]|\.[cm]?[jt]sx?$/.test(specifier);

type Import = (specifier: string) => Promise<Readonly<Record<string, unknown>>>;

/** `import` as it works in a file of the folder: it finds the packages that are installed there. Node.js warns about it. */
function importIn(folder: string): Import {
  const script = new Script('(specifier) => import(specifier)', {
    filename: join(folder, 'tta-worker.js'),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as Import;
}

/** The exports of a CommonJS module whose names Node.js does not see are in its default export only. */
function withDefault(module: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { default: main } = module;
  const isObject = typeof main === 'object' && main !== null && !isPrimitive(main);
  return isObject ? { ...main, ...module } : module;
}

function helpFor(error: unknown): string {
  // The message does not say where: the stack begins with that, unless the text is no JavaScript at all.
  const [, place] = /^(file:\S+:\d+)\n/.exec(String(readProperty(error, 'stack'))) ?? [];
  if (place !== undefined) return ` (${place})`;
  if (readProperty(error, 'name') === 'SyntaxError') return '; node --check FILE shows the line';
  if (readProperty(error, 'code') !== 'ERR_UNKNOWN_FILE_EXTENSION' || !/\.[cm]?tsx?/.test(messageOf(error))) return '';
  return `; Node.js ${process.versions.node} cannot load TypeScript: compile it, or use Node.js 22.18 or newer`;
}

const MOST_NAMES = 10;

/** What the module exports instead. */
function insteadOf(exported: Readonly<Record<string, unknown>>): string {
  const kinds = Object.entries(exported).map(([name, value]) => `${name} (${kindOf(value)})`);
  const more = kinds.length > MOST_NAMES ? ` and ${kinds.length - MOST_NAMES} more` : '';
  const list = kinds.length === 0 ? '' : `, but ${kinds.slice(0, MOST_NAMES).join(', ')}${more}`;
  return `${list}: export what task, llm, workflow and the like return`;
}

function kindOf(value: unknown): string {
  if (isPrimitive(value)) return 'a call of distribute, which a worker does not take';
  return typeof value === 'function' ? "a function: wrap it, task('name', fn)" : typeof value;
}
