import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTargetsFile } from '../../../src/tools/worker/targets-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('the file with the endpoints of workers', () => {
  it('has them as Prometheus reads them, and is removed at the end', async () => {
    const folder = tempFolder();
    const file = await openTargetsFile(join(folder, 'workers.json'), false);
    await file.write(['http://127.0.0.1:9464/metrics', 'http://[::1]:9465/metrics']);
    expect(JSON.parse(readFileSync(join(folder, 'workers.json'), 'utf8'))).toEqual([
      { targets: ['127.0.0.1:9464', '[::1]:9465'] },
    ]);
    expect(readdirSync(folder)).toEqual(['workers.json']);
    await file.remove();
    expect(existsSync(join(folder, 'workers.json'))).toBe(false);
  });

  it('names this machine where the workers listen on all addresses', async () => {
    const path = join(tempFolder(), 'workers.yml');
    const file = await openTargetsFile(path, true);
    await file.write(['http://localhost:9464/metrics']);
    expect(readFileSync(path, 'utf8')).toContain(`"${hostname()}:9464"`);
  });

  it('is empty, and no error for Prometheus, while no worker has an endpoint', async () => {
    const path = join(tempFolder(), 'workers.json');
    await (await openTargetsFile(path, false)).write([]);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
  });

  it('is refused before a worker starts where there is no such folder', async () => {
    const path = join(tempFolder(), 'below', 'workers.json');
    await expect(openTargetsFile(path, false)).rejects.toThrow(/below: there is no such folder$/);
  });

  it('replaces the file of a command that was killed', async () => {
    const path = join(tempFolder({ 'workers.json': '[{"targets":["127.0.0.1:1"]}]' }), 'workers.json');
    await (await openTargetsFile(path, false)).write(['http://127.0.0.1:2/metrics']);
    expect(readFileSync(path, 'utf8')).toContain('127.0.0.1:2');
  });

  it.each([
    ['prometheus.yml', 'global: {}', /is not a list of workers: it was not changed/],
    ['a.json', '[{"targets":["a:1"],"labels":{"mine":"1"}}]', /is not a list of workers/],
    ['a.json', '[null]', /is not a list of workers/],
    ['targets', undefined, /its name must end with \.json, \.yml, \.yaml/],
  ])('refuses %s with %j', async (name, text, message) => {
    const folder = tempFolder(text === undefined ? {} : { [name]: text });
    await expect(openTargetsFile(join(folder, name), false)).rejects.toThrow(message);
    if (text !== undefined) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });
});
