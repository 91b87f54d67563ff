import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { task } from '../../src/index.ts';
import { bullmqQueue, distribute, memoryQueue, QueueAwayError, startWorker } from '../../src/queue/index.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { producerRecorder, workerRecorder } from '../../src/telemetry/record/queue.ts';
import { freePort } from '../support/free-port.ts';
import { scrape } from '../support/scrape.ts';

let telemetry: Telemetry;
beforeAll(async () => {
  telemetry = await register({ prometheus: { port: 0 }, traces: false });
});
afterAll(() => telemetry.shutdown());
afterEach(() => {
  vi.useRealTimers();
  diag.disable();
});

/** The samples of one queue, by metric and the label beside the name of the queue. */
async function samplesOf(queueName: string): Promise<Record<string, number>> {
  const { samples } = await scrape(telemetry.metricsUrl as string);
  const of = samples.filter(({ name, labels }) => labels.queue_name === queueName && !name.endsWith('_bucket'));
  return Object.fromEntries(
    of.map(({ name, labels: { state, reason, operation }, value }) => [
      [name.replace('tta_queue_', ''), state ?? reason ?? operation].filter(Boolean).join(' '),
      value,
    ]),
  );
}

const DEPTH = { waiting: 3, running: 2, delayed: 1, dead: 4, oldestMs: 2_500, workers: 2 };

describe('the metrics of a queue', () => {
  it('are 0 from the moment when a producer is built, and there are none of workers', async () => {
    distribute(
      'a',
      task('a', () => 1),
      { queue: memoryQueue('produced') },
    );
    expect(await samplesOf('produced')).toEqual({
      callers: 0,
      lost_jobs_total: 0,
      'refused_jobs_total full': 0,
      'refused_jobs_total away': 0,
      'refused_jobs_total too_large': 0,
      'errors_total stats': 0,
    });
  });

  it('count a call as refused while its engine cannot be reached, also the first one', async () => {
    const queue = bullmqQueue('unreached', { url: `redis://127.0.0.1:${await freePort()}`, maxAwayMs: 1 });
    const call = distribute(
      'a',
      task('a', () => 1),
      { queue },
    );
    await expect(call.execute()).rejects.toThrow(QueueAwayError);
    expect(await samplesOf('unreached')).toMatchObject({ 'refused_jobs_total away': 1 });
    await queue.close();
  });

  it('are 0 from the moment when a worker starts, but for its places', async () => {
    const primitives = { a: task('a', () => 1) };
    const worker = await startWorker({ queue: memoryQueue('worked'), primitives, concurrency: 5 });
    const samples = {
      worker_slots: 5,
      worker_running: 0,
      worker_restarts_total: 0,
      wait_seconds_count: 0,
      wait_seconds_sum: 0,
      redeliveries_total: 0,
      'errors_total stats': 0,
      'handed_back_total draining': 0,
      'handed_back_total unknown_primitive': 0,
      'handed_back_total newer_version': 0,
      'handed_back_total unknown_codec': 0,
      'dead_jobs_total crashed': 0,
      'dead_jobs_total unreadable': 0,
      'dead_jobs_total expired': 0,
      'dead_jobs_total unknown_primitive': 0,
    };
    expect(await samplesOf('worked')).toEqual(samples);
    await worker.stop();
    expect(await samplesOf('worked')).toEqual({ ...samples, worker_slots: 0 });
  });

  it('show what the engine says, and no number while it does not answer', async () => {
    const record = workerRecorder('deep');
    record.depth(DEPTH);
    const known = { 'jobs waiting': 3, 'jobs running': 2, 'jobs delayed': 1, 'jobs dead': 4 };
    expect(await samplesOf('deep')).toMatchObject({ ...known, oldest_job_age_seconds: 2.5, workers: 2 });
    record.depth({ ...DEPTH, oldestMs: undefined });
    expect(await samplesOf('deep')).toMatchObject({ ...known, oldest_job_age_seconds: 0 });
    record.depth(undefined);
    const none = Object.fromEntries(Object.keys(known).map((key) => [key, Number.NaN]));
    expect(await samplesOf('deep')).toMatchObject({ ...none, oldest_job_age_seconds: Number.NaN, workers: Number.NaN });
  });

  it('say nothing of workers that the engine cannot count', async () => {
    const record = workerRecorder('uncounted');
    record.depth({ ...DEPTH, workers: undefined });
    const samples = await samplesOf('uncounted');
    expect(samples['jobs waiting']).toBe(3);
    expect(samples).not.toHaveProperty('workers');
  });

  it('tell a job that is started again from one that was handed back, and count the wait once', async () => {
    const record = workerRecorder('again');
    record.started(1, 250);
    record.handedBack('draining');
    record.ended();
    record.started(2, 9_000);
    expect(await samplesOf('again')).toMatchObject({
      worker_running: 1,
      redeliveries_total: 1,
      'handed_back_total draining': 1,
      wait_seconds_count: 1,
      wait_seconds_sum: 0.25,
    });
  });

  it('have no wait that the engine does not know', async () => {
    workerRecorder('unknown').started(1, undefined);
    expect((await samplesOf('unknown')).wait_seconds_count).toBe(0);
  });
});

describe('what an engine does wrong', () => {
  it('is in the log once a minute for each operation, without passwords, and always in the metric', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const warn = vi.fn();
    diag.setLogger({ error: vi.fn(), warn, info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }, DiagLogLevel.WARN);
    const record = producerRecorder('noisy');
    for (let i = 0; i < 1_000; i++) record.failed('send', new Error('redis://user:hunter2@db:6379 is away'));
    record.failed('reply', undefined);
    record.lost();
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/^tta-primitives: the queue noisy failed in send: redis:.* is away$/),
      'tta-primitives: the queue noisy failed in reply: undefined',
      'tta-primitives: the queue noisy has lost a job that it had accepted',
    ]);
    expect(String(warn.mock.calls)).not.toContain('hunter2');
    vi.advanceTimersByTime(60_000);
    record.failed('send', new Error('away'));
    expect(warn).toHaveBeenCalledTimes(4);
    expect(await samplesOf('noisy')).toMatchObject({ 'errors_total send': 1_001, lost_jobs_total: 1 });
  });
});
