import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createClock, systemClock } from '../../src/platform/clock.ts';
import { isListening } from '../../src/platform/is-listening.ts';
import { startSpanReceiver } from '../support/span-receiver.ts';

it('is true for a port with a server and false for one without', async () => {
  const receiver = await startSpanReceiver();
  const port = Number(new URL(receiver.url).port);
  expect(await isListening(port)).toBe(true);
  expect(await isListening(port, 'localhost')).toBe(true);
  await receiver.close();
  expect(await isListening(port)).toBe(false);
});

it('is false when a host never answers', async () => {
  const instantClock = createClock(systemClock.now, (_, callback) => {
    queueMicrotask(callback);
    return () => {};
  });
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await isListening(port, '127.0.0.1', instantClock)).toBe(false);
  server.close();
});
