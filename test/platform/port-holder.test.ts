import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { findPortHolder } from '../../src/platform/port-holder.ts';
import { endChildren, runModule } from '../support/child.ts';

afterEach(endChildren);

async function listenOn(host: string): Promise<{ port: number; close: () => void }> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, host, listening));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe.runIf(process.platform === 'linux')('the holder of a port', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])('that listens on %s is found for %s', async (listening, address) => {
    const { port, close } = await listenOn(listening);
    expect((await findPortHolder(port, address))?.pid).toBe(process.pid);
    close();
  });

  it('on another address is not found', async () => {
    const { port, close } = await listenOn('127.0.0.2');
    expect(await findPortHolder(port, '127.0.0.1')).toBeUndefined();
    close();
  });

  it('has the name of its command, without the arguments', async () => {
    const child = runModule(
      `import { createServer } from 'node:net';
       const server = createServer().listen(0, '127.0.0.1', () => console.log('PORT ' + server.address().port));
       const secret = 'pa55word';`,
    );
    const holder = await findPortHolder(Number(await child.says('PORT ')), '127.0.0.1');
    expect(holder?.pid).not.toBe(process.pid);
    expect(holder?.command).toMatch(/^\S{1,15}$/);
    expect(holder?.command).not.toContain('pa55word');
  });

  it('is undefined for a free port', async () => {
    const { port, close } = await listenOn('127.0.0.1');
    close();
    expect(await findPortHolder(port, '127.0.0.1')).toBeUndefined();
  });
});
