/** What npm's page of the package shows: it has the README and package.json, and nothing else of the repository. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readText } from '../support/sources.ts';

const REPOSITORY = 'https://github.com/tta-primitives/tta-primitives';
const FILES = [`${REPOSITORY}/blob/main/`, 'https://raw.githubusercontent.com/tta-primitives/tta-primitives/main/'];

/** Where links and pictures of a document lead, in Markdown or HTML; what stands in code is none. */
function targetsOf(markdown: string): string[] {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)[^)]*\)/g), ...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...links, ...text.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, target = '']) => target);
}

/** The anchors of the headings of a document, as GitHub and npm make them. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  const words = [...headings].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, ''));
  return words.map((heading) => heading.replaceAll(' ', '-'));
}

/** Why a target leads nowhere from npm's page; `undefined` where it does not. */
function faultOf(target: string, anchors: readonly string[]): string | undefined {
  if (target.startsWith('#')) return anchors.includes(target.slice(1)) ? undefined : `${target}: no such heading`;
  if (!target.startsWith('https://')) return `${target}: relative, or not https`;
  const base = FILES.find((one) => target.startsWith(one));
  if (base === undefined) return undefined;
  const [path = '', anchor] = target.slice(base.length).split('#');
  if (!existsSync(join(ROOT, path))) return `${target}: no such file`;
  if (anchor === undefined || anchorsOf(readText(path)).includes(anchor)) return undefined;
  return `${target}: no such heading`;
}

describe("npm's page", () => {
  const readme = readText('README.md');

  it('can follow every link of the README and show every picture', () => {
    const targets = targetsOf(readme);
    expect(targets.length).toBeGreaterThan(15);
    expect(targets.flatMap((target) => faultOf(target, anchorsOf(readme)) ?? [])).toEqual([]);
  });

  it('shows pictures from where they are raw', () => {
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, target]) => target);
    expect(pictures.length).toBeGreaterThan(0);
    for (const picture of pictures) expect(picture).toMatch(/^https:\/\/raw\.githubusercontent\.com\//);
  });

  it.each([
    ['[a](collector/README.md)', 'collector/README.md: relative, or not https'],
    ['![a](.github/readme/trace.png)', '.github/readme/trace.png: relative, or not https'],
    ['<img src="/trace.png">', '/trace.png: relative, or not https'],
    ['[a]: CHANGELOG.md', 'CHANGELOG.md: relative, or not https'],
    ['[a](#nowhere)', '#nowhere: no such heading'],
    [`[a](${REPOSITORY}/blob/main/nothing.md)`, `${REPOSITORY}/blob/main/nothing.md: no such file`],
    [`[a](${REPOSITORY}/blob/main/README.md#none)`, `${REPOSITORY}/blob/main/README.md#none: no such heading`],
  ])('could not follow %s', (markdown, fault) => {
    expect(targetsOf(markdown).map((target) => faultOf(target, ['somewhere']))).toEqual([fault]);
  });

  it('leads to the repository, its issues and its README', () => {
    const manifest = JSON.parse(readText('package.json'));
    expect(manifest).toMatchObject({
      homepage: `${REPOSITORY}#readme`,
      repository: { type: 'git', url: `git+${REPOSITORY}.git` },
      bugs: { url: `${REPOSITORY}/issues` },
    });
    expect(readme).toContain(`git clone ${REPOSITORY} `);
  });
});

describe('the other documents', () => {
  it.each(['CONTRIBUTING.md', 'SECURITY.md', 'collector/README.md', 'collector/RUNBOOK.md'])(
    '%s leads to files and headings that there are',
    (path) => {
      const document = readText(path);
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      const faults = targetsOf(document).flatMap((target) => {
        if (target.startsWith('#') || target.startsWith('https://')) return faultOf(target, anchorsOf(document)) ?? [];
        return faultOf(new URL(target, `${FILES[0]}${folder}`).href, []) ?? [];
      });
      expect(faults).toEqual([]);
    },
  );
});
