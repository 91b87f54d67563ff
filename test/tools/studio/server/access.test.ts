import { describe, expect, it, onTestFinished } from 'vitest';
import { startStudio } from '../../../../src/tools/studio/studio.ts';
import { send } from '../../../support/http.ts';

const TOKEN = 'pass+word-0123456789';

async function open() {
  const studio = await startStudio({ port: 0, host: '0.0.0.0', token: TOKEN });
  onTestFinished(studio.close);
  return studio.url.replace('localhost', '127.0.0.1');
}

const bearer = (token: string) => ({ authorization: `Bearer ${Buffer.from(token).toString('latin1')}` });

describe('a server that other machines can reach', () => {
  it('answers nobody without the token, on any path', async () => {
    const url = await open();
    for (const path of ['/', '/api/runs', '/api/live', '/api/about', '/v1/traces', '/assets/x.js']) {
      for (const headers of [{}, bearer('wrong'), { cookie: 'tta-studio-web=x' }] as Record<string, string>[])
        expect([path, (await send(`${url}${path}`, { headers })).status]).toEqual([path, 401]);
    }
  });

  it('answers programs with the token in a header', async () => {
    const url = await open();
    expect((await send(`${url}/api/runs`, { headers: bearer(TOKEN) })).status).toBe(200);
    const headers = { ...bearer(TOKEN), 'content-type': 'application/json', host: 'build-machine.example:4318' };
    expect((await send(`${url}/v1/traces`, { method: 'POST', headers }, '{}')).status).toBe(200);
  });

  it('gives a page that has the token in its address a cookie, and takes the token out of the address', async () => {
    const url = await open();
    const { status, headers } = await send(`${url}//evil.example/run/1?token=${encodeURIComponent(TOKEN)}&x=1`);
    expect([status, headers.location]).toEqual([303, '/evil.example/run/1?x=1']);
    const [cookie = ''] = headers['set-cookie'] as string[];
    expect(cookie).toMatch(/; HttpOnly; SameSite=/);
    expect(cookie).not.toContain(TOKEN);
    const [ticket = ''] = cookie.split(';');
    expect((await send(`${url}/api/runs`, { headers: { cookie: `a=b; ${ticket}` } })).status).toBe(200);
    const foreign = { cookie: ticket, origin: 'https://evil.example' };
    expect((await send(`${url}/api/runs`, { headers: foreign })).status).toBe(403);
  });

  it.each([
    ['in a header', (n: string): [string, Record<string, string>] => ['', bearer(n)]],
    ['in an address', (n: string): [string, Record<string, string>] => [`?token=${n}`, {}]],
    ['in a cookie', (n: string): [string, Record<string, string>] => ['', { cookie: `tta-studio-4318=${n}` }]],
  ])('does not hear a sender that guesses %s', async (_, guess) => {
    const url = await open();
    const statuses = new Set<number>();
    for (let n = 0; n < 30; n += 1) {
      const [query, headers] = guess(`${n}`);
      statuses.add((await send(`${url}/api/runs${query}`, { headers: { host: 'machine:4318', ...headers } })).status);
    }
    expect([...statuses]).toEqual([401, 429]);
    expect((await send(`${url}/api/runs`, { headers: bearer(TOKEN) })).status).toBe(429);
  });

  it('hears a sender that has one wrong token, as of an earlier Studio, and then the right one', async () => {
    const url = await open();
    for (let n = 0; n < 50; n += 1) {
      expect((await send(`${url}/api/runs`, { headers: bearer('of an earlier Studio') })).status).toBe(401);
    }
    expect((await send(`${url}/api/runs`, { headers: bearer(TOKEN) })).status).toBe(200);
  });

  it.each(['//', '//x:99999/', '/\\evil.example'])('asks for the token also at %s', async (path) => {
    const url = await open();
    const ask = async (target: string) => (await send(url, { path: target })).status;
    expect(await ask(path)).toBe(401);
    expect(await ask(`${path}?token=${encodeURIComponent(TOKEN)}`)).toBe(303);
  });
});
