/** A budget in a real Redis through the real ioredis, which sends scripts again after a cut connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { budget, type RedisLike, redisBudgetStore } from '../../src/index.ts';
import { succeed } from '../package/project.ts';
import { component } from '../support/component.ts';
import { nothingPaid, paidCall } from '../support/paid-calls.ts';
import { startRedis } from '../support/redis.ts';
import { captureWarnings } from '../support/warnings.ts';

interface Client extends RedisLike {
  on(event: 'error', listener: () => void): unknown;
  disconnect(): void;
}

describe.skipIf(component('redis-server') === undefined).each(['5', '6'])('ioredis %s', (line) => {
  let project: string;
  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'tta-ioredis-'));
    await succeed('npm', ['install', '--no-audit', '--no-fund', '--prefix', project, `ioredis@${line}`], project);
  }, 240_000);
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('counts each call once, while Redis is killed under load and comes back', { timeout: 60_000 }, async () => {
    captureWarnings();
    const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', project];
    let redis = await startRedis({ options });
    const { Redis } = createRequire(join(project, 'x.js'))('ioredis') as { Redis: new (port: number) => Client };
    const client = new Redis(redis.port);
    client.on('error', () => {});
    const paid = nothingPaid();
    const store = redisBudgetStore(client, { timeoutMs: 200 });
    const shared = budget(paidCall('call', paid), { name: 'io', limitUsd: 100, per: 'all', store });

    let isOver = false;
    const users = Array.from({ length: 8 }, async () => {
      while (!isOver) await shared.execute({ needs: 0.01, costs: 0.001, ms: 2 });
    });
    const callsAfter = async (more: number) => {
      const before = paid.calls;
      await expect.poll(() => paid.calls, { timeout: 20_000 }).toBeGreaterThan(before + more);
    };
    await callsAfter(100);
    await redis.kill('SIGKILL');
    await callsAfter(16);
    redis = await startRedis({ port: redis.port, options });
    await callsAfter(100);
    isOver = true;
    await Promise.all(users);
    await shared.execute({ needs: 0.01, costs: 0.001 });

    const sums = () => redis.cli('HMGET', 'tta-budget:{budget:io:all:}', 'spent', 'held');
    await expect.poll(sums, { timeout: 10_000 }).toBe(`${paid.calls * 1_000_000}\n0`);
    client.disconnect();
    await redis.kill('SIGKILL');
  });
});
