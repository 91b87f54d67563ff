import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExecutionContext } from '../../src/core/context.ts';
import { SharedState } from '../../src/core/shared-state.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { captureWarnings } from '../support/warnings.ts';

let tests = 0;

describe('a state that several processes share', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let context: ExecutionContext;
  let warnings: string[];
  let label: string;
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    // Counters count from the first look at the provider, which an execution would take.
    await telemetry.scrape();
    clock = createVirtualClock();
    context = ExecutionContext.create({ clock });
    warnings = captureWarnings();
    tests += 1;
    label = `state ${tests}`;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const stateOf = (name = label) => new SharedState(50, 'rate_limit', { label: name, messageName: name });
  const away = () => Promise.reject(new Error('redis://me:secret@host is away'));
  const isLocal = (value: number) => telemetry.expectMetric('tta_shared_state_local', { primitive_name: label }, value);

  it('gives what it is asked for, and nothing where it fails or throws', async () => {
    const state = stateOf();
    expect(await state.ask({ context, call: () => 1 })).toEqual({ answer: 1 });
    expect(await state.ask({ context, call: async () => undefined })).toEqual({ answer: undefined });
    expect(await state.ask({ context, call: away })).toBeUndefined();
    const throws = () => {
      throw new Error('no client');
    };
    expect(await state.ask({ context, call: throws })).toBeUndefined();
    await telemetry.expectMetric('tta_shared_state_errors_total', { primitive_name: label }, 2);
  });

  it('warns once, without a password, and not of one failure alone', async () => {
    const state = stateOf();
    await state.ask({ context, call: away });
    await state.ask({ context, call: () => 1 });
    expect(warnings).toEqual([]);
    for (let i = 0; i < 5; i++) await state.ask({ context, call: away });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(label);
    expect(warnings[0]).not.toContain('secret');
  });

  it('gives an answer that comes too late to who can undo it', async () => {
    let answer = (_: number) => {};
    const late: number[] = [];
    const call = () =>
      new Promise<number>((resolve) => {
        answer = resolve;
      });
    const asked = stateOf().ask({ context, call, onLate: (value) => late.push(value) });
    await clock.advance(50);
    expect(await asked).toBeUndefined();
    answer(7);
    await settled();
    expect(late).toEqual([7]);
  });

  it('asks ever less of a client that keeps its questions and answers none', async () => {
    const open: ((value: number) => void)[] = [];
    const call = () => new Promise<number>((resolve) => open.push(resolve));
    const state = stateOf();
    for (let second = 0; second < 3_600; second++) {
      const asked = state.ask({ context, call });
      await clock.advance(1_000);
      await asked;
    }
    expect(open.length).toBeLessThan(200);
    for (const answer of open) answer(1);
    await settled();
    expect(await state.ask({ context, call: () => 2 })).toEqual({ answer: 2 });
  });

  it('is local as long as one primitive of its name is', async () => {
    const [one, two] = [stateOf(), stateOf()];
    await one.ask({ context, call: away });
    await two.ask({ context, call: () => 1 });
    await isLocal(1);
    await two.ask({ context, call: away });
    await one.ask({ context, call: () => 1 });
    await isLocal(1);
    await two.ask({ context, call: () => 1 });
    await isLocal(0);
  });

  it('is not local for ever when its primitive is used no more', async () => {
    await stateOf().ask({ context, call: away });
    await isLocal(1);
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    await isLocal(0);
  });
});
