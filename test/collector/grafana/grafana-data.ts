/**
 * Grafana's own libraries: that of data turns answers of a data source into names, texts and colours, that of components
 * draws them. They are installed once, into a folder outside of the checkout, because they are large and few tests need them.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../package/project.ts';

/** With the packages that they ask for, a document for those functions that look at one, and what makes one file of all. */
const PACKAGES = [
  ...['@grafana/data@13.2.3', '@grafana/ui@13.2.3', 'react@19.2.0', 'react-dom@19.2.0'],
  ...['jsdom@26.1.0', 'esbuild@0.25.12'],
] as const;

/** On a machine that is busy with other work they take four minutes. */
const INSTALL_MS = 600_000;

export interface DisplayValue {
  readonly text: string;
  readonly numeric: number;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly color?: string;
}

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly config: object;
  readonly labels?: Readonly<Record<string, string>>;
  readonly values: readonly unknown[];
  readonly display?: (value: unknown) => DisplayValue;
}

export interface Frame {
  readonly refId?: string;
  readonly fields: readonly Field[];
  readonly length: number;
}

interface FieldConfigItem {
  readonly id: string;
}

/** The part of the library that the tests use. */
interface Library {
  getValueFormats(): readonly { readonly submenu: readonly { readonly value: string }[] }[];
  formattedValueToString(value: DisplayValue): string;
  getFieldDisplayName(field: Field, frame: Frame, all: readonly Frame[]): string;
  getFieldDisplayValues(options: object): readonly { readonly display: DisplayValue & { readonly title?: string } }[];
  applyFieldOverrides(options: object): readonly Frame[];
  transformDataFrame(
    transformations: readonly object[],
    frames: readonly Frame[],
  ): { subscribe(next: (frames: readonly Frame[]) => void): void };
  toDataFrame(frame: object): Frame;
  createTheme(): { readonly visualization: { getColorByName(name: string): string } };
  readonly standardTransformers: Readonly<Record<string, { readonly id: string; readonly name: string }>>;
  readonly standardTransformersRegistry: { setInit(init: () => readonly object[]): void };
  readonly standardFieldConfigEditorRegistry: { setInit(init: () => readonly FieldConfigItem[]): void };
  readonly [processor: `${string}OverrideProcessor`]: unknown;
}

export type GrafanaData = Library;

/** The folder with the packages. */
export async function installGrafana(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tta-primitives');
  const key = createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 12);
  const folder = join(cache, `grafana-packages-${key}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    const work = await mkdtemp(join(cache, 'installing-grafana-packages-'));
    await writeFile(join(work, 'package.json'), '{ "private": true }');
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    const { code, stderr } = await run('npm', ['install', ...quiet, ...PACKAGES], work, {}, INSTALL_MS);
    if (code !== 0) throw new Error(`npm could not install the packages of Grafana: ${stderr}`);
    // Moved when complete: another test run may do the same at the same time.
    await rename(work, folder).catch(() => rm(work, { recursive: true }));
  }
  return folder;
}

/** The settings of a field that a panel or an override may have, and what reads each, as Grafana registers them. */
export const SETTINGS = {
  ...{ unit: 'unit', min: 'number', max: 'number', decimals: 'number', displayName: 'displayName' },
  ...{ color: 'identity', thresholds: 'thresholds', mappings: 'valueMappings' },
} as const;

export async function loadGrafanaData(): Promise<GrafanaData> {
  const require = createRequire(join(await installGrafana(), 'package.json'));
  const { window } = new (require('jsdom').JSDOM)('', { url: 'http://localhost' });
  Object.assign(globalThis, { window, document: window.document, navigator: window.navigator });
  const library: Library = require('@grafana/data');
  // One of them has two names.
  const transformers = new Map(Object.values(library.standardTransformers).map((each) => [each.id, each]));
  library.standardTransformersRegistry.setInit(() =>
    [...transformers.values()].map((each) => ({ ...each, transformation: async () => each })),
  );
  library.standardFieldConfigEditorRegistry.setInit(() =>
    Object.entries(SETTINGS).map(([id, processor]) => ({
      ...{ id, path: id, name: id, shouldApply: () => true },
      process: library[`${processor}OverrideProcessor`],
    })),
  );
  return library;
}
