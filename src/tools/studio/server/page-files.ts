/** The built page, in memory: no request ever touches the disk. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Exchange, sendText } from '../../../platform/http-server.ts';

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly tag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
};
/** Their names have the hash of their contents. */
const ASSETS = '/assets/';

const NO_METRICS = 'This is Studio, which has no metrics: those of a program are at its own port, usually 9464\n';

/** As a program runs from `dist/src/tools/studio`, and as a test does from `src/tools/studio`. */
const PLACES = ['../../../../studio', '../../../../dist/studio'];

/** Answers what a browser asks for. A path that is no file shows the page, which reads it. */
export function createPageHandler(): (exchange: Exchange) => void {
  const folder = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((each) => existsSync(each));
  const files = new Map(folder === undefined ? [] : filesIn(folder, ''));
  const index = files.get('/index.html');

  return ({ request, response, path }) => {
    if (index === undefined) return sendText(response, 404, 'The page is not built: npm run build\n');
    // Prometheus or `tta doctor` at the wrong address: they must not take the page for metrics.
    if (path === '/metrics') return sendText(response, 404, NO_METRICS);
    // Not `//host/`: to the page, an address that begins so is one of another site.
    const isView = /^\/(?!\/)/.test(path) && !path.startsWith(ASSETS) && extname(path) === '';
    const file = files.get(path) ?? (isView ? index : undefined);
    if (file === undefined) return sendText(response, 404, `${path} does not exist\n`);
    const isAsset = path.startsWith(ASSETS);
    response.setHeader('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.setHeader('etag', file.tag);
    response.setHeader('vary', 'accept-encoding');
    if (knows(request.headers['if-none-match'], file.tag)) {
      response.writeHead(304).end();
      return;
    }
    const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
      String(request.headers['accept-encoding'] ?? ''),
    );
    const body = takesGzip ? file.gzip : file.plain;
    if (takesGzip) response.setHeader('content-encoding', 'gzip');
    response.writeHead(200, { 'content-type': file.type, 'content-length': body.length }).end(body);
  };
}

function knows(tags: string | undefined, tag: string): boolean {
  return (tags ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === tag || each.trim() === '*');
}

function filesIn(folder: string, path: string): [string, PageFile][] {
  return readdirSync(join(folder, path)).flatMap((name): [string, PageFile][] => {
    const own = `${path}/${name}`;
    const file = join(folder, own);
    if (statSync(file).isDirectory()) return filesIn(folder, own);
    const plain = readFileSync(file);
    const tag = `"${createHash('sha256').update(plain).digest('base64url')}"`;
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    return [[own, { type, plain, gzip: gzipSync(plain, { level: 9 }), tag }]];
  });
}
