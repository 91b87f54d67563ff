/** Draws panels with Grafana's own components in a real Chromium. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, succeed } from '../../../package/project.ts';
import type { Panel } from '../dashboards.ts';
import { installGrafana, SETTINGS } from '../grafana-data.ts';

export interface DrawablePanel extends Panel {
  readonly key: string;
  readonly frames: readonly object[];
  /** The time shown, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export interface Drawn {
  readonly key: string;
  /** What a reader can read. The texts of axes are in the picture and not here. */
  readonly text: string;
  /** The number of pixels of lines and areas. */
  readonly coloured: number;
}

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--virtual-time-budget=20000', '--window-size=700,900'],
];
/** Styles and fonts of parts that the page does not use are left out. */
const LOADERS = ['--loader:.svg=dataurl', '--loader:.css=empty', '--loader:.ttf=empty'];
const escapeScript = (text: string) => text.replaceAll('<', '\\u003c');
const unescapeHtml = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** Makes one file of the page and the packages, in `folder`. */
async function bundle(folder: string): Promise<void> {
  const packages = await installGrafana();
  copyFileSync(fileURLToPath(new URL('page.mjs', import.meta.url)), join(packages, 'page.mjs'));
  const define = ['--define:process.env.NODE_ENV="production"', '--define:global=globalThis', ...LOADERS];
  await succeed(
    join(packages, 'node_modules/.bin/esbuild'),
    ['page.mjs', '--bundle', '--format=iife', '--log-level=error', ...define, `--outfile=${join(folder, 'page.js')}`],
    packages,
  );
}

/** @throws Error when the browser did not come to the end of the page */
export async function draw(chromium: string, panels: readonly DrawablePanel[]): Promise<readonly Drawn[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tta-drawing-'));
  try {
    await bundle(folder);
    const script = `globalThis.settings = ${JSON.stringify(SETTINGS)}; globalThis.panels = ${JSON.stringify(panels)};`;
    const page = join(folder, 'page.html');
    writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><body></body><script>${escapeScript(script)}</script><script src="page.js"></script>`,
    );
    const profile = `--user-data-dir=${join(folder, 'chromium')}`;
    const flags = [...FLAGS, '--enable-logging=stderr', profile, '--dump-dom', `file://${page}`];
    const { stdout, stderr } = await run(chromium, flags, folder);
    const title = /<title>(.*?)<\/title>/s.exec(stdout)?.[1];
    if (title === undefined) throw new Error(`the page was not drawn: ${stderr}`);
    return JSON.parse(unescapeHtml(title));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
