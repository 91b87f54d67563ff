import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EndSignals, onEndSignals } from '../../src/platform/signals.ts';
import { createVirtualClock, settled, type VirtualClock } from '../../src/testing/virtual-clock.ts';

let clock: VirtualClock;
let told: string[];
let signals: EndSignals;

/** The signals of this process are only told, never raised; an exit is only noted. */
beforeEach(() => {
  clock = createVirtualClock();
  told = [];
  vi.spyOn(process, 'kill').mockImplementation((_, signal) => {
    told.push(`killed by ${signal}`);
    return true;
  });
  vi.spyOn(process, 'exit').mockImplementation((code) => told.push(`exit ${code}`) as never);
});
afterEach(() => {
  signals.release();
  vi.restoreAllMocks();
});

const onFirst = (signal: NodeJS.Signals) => void told.push(`first ${signal}`);
const onOthers = () => void told.push('others');
const send = (signal: NodeJS.Signals) => process.emit(signal, signal);

describe('the signals that end a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s is told once, and not again as the echo of the same key press',
    (signal) => {
      signals = onEndSignals({ onFirst, clock });
      send(signal);
      send(signal);
      expect(told).toEqual([`first ${signal}`]);
    },
  );

  it('end it at once by the second one, when that is a key press of its own', async () => {
    signals = onEndSignals({ onFirst, clock });
    send('SIGINT');
    await clock.advance(499);
    send('SIGTERM');
    expect(told).toEqual(['first SIGINT']);
    await clock.advance(1);
    send('SIGTERM');
    expect(told).toEqual(['first SIGINT', 'killed by SIGTERM']);
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('end process 1 of a container, which %s itself cannot end, with exit code %i', async (signal, code) => {
    signals = onEndSignals({ onFirst, clock });
    void signals.end(signal);
    await settled();
    expect(told).toEqual([`killed by ${signal}`]);
    await clock.advance(100);
    expect(told).toEqual([`killed by ${signal}`, `exit ${code}`]);
  });

  it('leave the end to others who listen by then', async () => {
    const other = () => {};
    signals = onEndSignals({ onFirst, clock });
    process.on('SIGTERM', other);
    const ended = signals.end('SIGTERM');
    await clock.advance(100);
    await ended;
    process.removeListener('SIGTERM', other);
    expect(told).toEqual(['killed by SIGTERM']);
  });

  it('are left to others who listen, where that is wanted: first to them, then for good', () => {
    const other = () => void told.push(`other, beside ${process.listenerCount('SIGTERM') - 1}`);
    process.on('SIGTERM', other);
    signals = onEndSignals({ onFirst, onOthers, clock });
    send('SIGTERM');
    send('SIGTERM');
    send('SIGINT');
    process.removeListener('SIGTERM', other);
    expect(told).toEqual(['others', 'other, beside 0', 'other, beside 0', 'first SIGINT']);
  });

  it('can be given by the program itself, and are listened to no more after release', () => {
    signals = onEndSignals({ onFirst, clock });
    signals.receive('SIGTERM');
    expect(told).toEqual(['first SIGTERM']);
    signals.release();
    expect(['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal))).toEqual([0, 0]);
  });
});
