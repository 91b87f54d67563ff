import { describe, expect, it, onTestFinished } from 'vitest';
import { startStudio } from '../../../../src/tools/studio/studio.ts';
import { send } from '../../../support/http.ts';

async function open(options: Parameters<typeof startStudio>[0] = {}) {
  const studio = await startStudio({ port: 0, ...options });
  onTestFinished(studio.close);
  return studio.url;
}

const PATHS = [
  '/',
  '/run/x',
  '/assets/x.js',
  '/api/runs',
  '/api/live',
  '/api/about',
  '/v1/traces',
  '/v1/metrics',
  '/x',
];

describe('a server on loopback', () => {
  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port of this machine', { origin: 'http://localhost:3000' }],
    ['a page without an origin, such as a file', { origin: 'null' }],
    ['a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
    [
      'a frame of another site',
      {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      },
    ],
    ['another name for this machine', { host: 'evil.example' }],
    ['a name that begins like ours', { host: 'localhost.evil.example:4318' }],
  ])('refuses %s, whatever is asked and how', async (_who, headers) => {
    const url = await open();
    for (const path of PATHS) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT']) {
        const { status, headers: answered } = await send(`${url}${path}`, { method, headers });
        expect([path, method, status]).toEqual([path, method, 403]);
        expect(answered['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  it('answers its own page, and programs', async () => {
    const url = await open();
    const { host } = new URL(url);
    for (const headers of [
      {},
      { origin: url },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { host: host.replace('127.0.0.1', 'localhost'), origin: url.replace('127.0.0.1', 'localhost') },
    ])
      expect([headers, (await send(`${url}/api/about`, { headers })).status]).toEqual([headers, 200]);
  });

  it('opens a view for a link that was followed from another site, and nothing else', async () => {
    const url = await open();
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await send(`${url}/run/1`, { headers })).status).not.toBe(403);
    expect((await send(`${url}/api/runs`, { headers })).status).toBe(403);
    expect((await send(`${url}/run/1`, { method: 'POST', headers })).status).toBe(403);
  });

  it('forbids everything to a text that is shown, on every answer', async () => {
    const url = await open();
    for (const path of [...PATHS.filter((each) => each !== '/api/live'), '/api/runs?limit=x', '/api/no']) {
      const { headers } = await send(`${url}${path}`);
      expect([path, headers['content-security-policy']]).toEqual([path, expect.stringContaining("default-src 'none'")]);
      expect(headers['content-security-policy']).toMatch(/trusted-types 'none'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|data:|blob:|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
    expect((await send(`${url}/api/about`)).headers['cache-control']).toBe('no-store');
  });
});
