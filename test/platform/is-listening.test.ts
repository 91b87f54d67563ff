import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { createClock, systemClock } from '../../src/platform/clock.ts';
import { isListening } from '../../src/platform/is-listening.ts';
import { startTraceReceiver } from '../../src/tools/trace-receiver/trace-receiver.ts';

it('tells a port that listens from one that does not', async () => {
  const receiver = await startTraceReceiver({ port: 0 });
  const port = Number(new URL(receiver.url).port);
  expect(await isListening(port)).toBe(true);
  expect(await isListening(port, 'localhost')).toBe(true);
  await receiver.close();
  expect(await isListening(port)).toBe(false);
});

it('gives up on a host that never answers', async () => {
  const impatient = createClock(systemClock.now, (_, callback) => {
    queueMicrotask(callback);
    return () => {};
  });
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await isListening(port, '127.0.0.1', impatient)).toBe(false);
  server.close();
});
