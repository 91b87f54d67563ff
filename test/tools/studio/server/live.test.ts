import { describe, expect, it, onTestFinished } from 'vitest';
import { serveLoopback } from '../../../../src/platform/loopback.ts';
import { createVirtualClock } from '../../../../src/testing/index.ts';
import type { LiveEvent } from '../../../../src/tools/studio/api.ts';
import { createLive } from '../../../../src/tools/studio/server/live.ts';
import { send } from '../../../support/http.ts';

async function open() {
  const clock = createVirtualClock();
  let change = 1;
  const live = createLive({ change: () => change, startedMs: 5, clock });
  const { handle } = live;
  const { url, close } = await serveLoopback({ name: 'test', host: '127.0.0.1', port: 0, handle });
  onTestFinished(async () => {
    live.close();
    await close();
  });
  const changed = (...runs: string[]) => {
    change += 1;
    live.changed(runs);
  };
  return { url, clock, changed, close: live.close };
}

/** The events and the heartbeats that a page reads, `null` for a heartbeat. */
async function connect(url: string) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const { body, status } = await fetch(url, { signal: controller.signal });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  async function next(): Promise<LiveEvent | null | undefined> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(block)?.[1];
        return data === undefined ? null : (JSON.parse(data) as LiveEvent);
      }
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += decoder.decode(value);
    }
  }
  return { status, next, leave: () => controller.abort() };
}

describe('the stream of changes', () => {
  it('begins with what a page cannot know, and then names each run once for all changes of a moment', async () => {
    const { url, clock, changed } = await open();
    const page = await connect(url);
    expect(await page.next()).toEqual({ startedMs: 5, change: 1, runs: null });
    for (let i = 0; i < 50; i += 1) changed('a', i % 2 === 0 ? 'b' : 'c');
    await clock.advance(250);
    expect(await page.next()).toEqual({ startedMs: 5, change: 51, runs: ['a', 'b', 'c'] });
    changed('a');
    await clock.advance(250);
    expect(await page.next()).toEqual({ startedMs: 5, change: 52, runs: ['a'] });
  });

  it('says that there are many in place of a long list', async () => {
    const { url, clock, changed } = await open();
    const page = await connect(url);
    await page.next();
    changed(...Array.from({ length: 101 }, (_, i) => `run ${i}`));
    await clock.advance(250);
    expect((await page.next())?.runs).toBeNull();
  });

  it('has a heartbeat while nothing changes', async () => {
    const { url, clock } = await open();
    const page = await connect(url);
    await page.next();
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(15_000);
      expect(await page.next()).toBeNull();
    }
  });

  it('takes so many pages and no more, until one leaves', async () => {
    const { url } = await open();
    const pages = await Promise.all(Array.from({ length: 64 }, () => connect(url)));
    expect((await send(url)).status).toBe(503);
    pages[0]?.leave();
    await expect.poll(async () => (await connect(url)).status, { timeout: 5_000 }).toBe(200);
  });

  it('ends when Studio does, and does not begin for a HEAD', async () => {
    const { url, close } = await open();
    const page = await connect(url);
    await page.next();
    expect((await send(url, { method: 'HEAD' })).status).toBe(200);
    close();
    expect(await page.next()).toBeUndefined();
  });
});
