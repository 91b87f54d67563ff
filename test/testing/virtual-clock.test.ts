import { expect, it } from 'vitest';
import { createVirtualClock } from '../../src/testing/index.ts';

it('stands still until it is moved', async () => {
  const clock = createVirtualClock(1_000);
  expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
  await clock.advance(250);
  expect(clock.now()).toBe(1_250);
});

it('runs timers in the order of their times, each at its own time', async () => {
  const clock = createVirtualClock(0);
  const ran: [string, number][] = [];
  for (const [name, ms] of Object.entries({ late: 30, early: 10, never: 41 })) {
    clock.after(ms, () => ran.push([name, clock.now()]));
  }
  await clock.advance(40);
  expect(ran).toEqual([
    ['early', 10],
    ['late', 30],
  ]);
  expect([clock.now(), clock.pending]).toEqual([40, 1]);
});

it('runs a timer that a timer starts, if it falls into the same advance', async () => {
  const clock = createVirtualClock(0);
  const ran: number[] = [];
  clock.after(10, () => void clock.after(10, () => ran.push(clock.now())));
  await clock.advance(15);
  expect(ran).toEqual([]);
  await clock.advance(5);
  expect(ran).toEqual([20]);
});

it('forgets a timer that is cancelled', async () => {
  const clock = createVirtualClock();
  let ran = false;
  const cancel = clock.after(10, () => {
    ran = true;
  });
  cancel();
  expect(clock.pending).toBe(0);
  await clock.advance(20);
  expect(ran).toBe(false);
});

it('ends a sleep with the reason of its signal, and leaves no timer', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1_000, controller.signal);
  expect(clock.pending).toBe(1);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});
