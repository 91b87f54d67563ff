import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type EndSignals, onEndSignals } from '../../src/platform/signals.ts';
import { createVirtualClock, settled, type VirtualClock } from '../../src/testing/virtual-clock.ts';

let clock: VirtualClock;
let events: string[];
let signals: EndSignals;

/** Signals to this process and its exit are only recorded. */
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
  vi.spyOn(process, 'kill').mockImplementation((_, signal) => {
    events.push(`killed by ${signal}`);
    return true;
  });
  vi.spyOn(process, 'exit').mockImplementation((code) => events.push(`exit ${code}`) as never);
});
afterEach(() => {
  signals.release();
  vi.restoreAllMocks();
});

const onFirst = (signal: NodeJS.Signals) => void events.push(`first ${signal}`);
const onOthers = () => void events.push('others');
const send = (signal: NodeJS.Signals) => process.emit(signal, signal);

describe('the signals that end a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s calls onFirst once, also when one key press sends it twice', (signal) => {
    signals = onEndSignals({ onFirst, clock });
    send(signal);
    send(signal);
    expect(events).toEqual([`first ${signal}`]);
  });

  it('end it at once by a second signal, when that is another key press', async () => {
    signals = onEndSignals({ onFirst, clock });
    send('SIGINT');
    await clock.advance(499);
    send('SIGTERM');
    expect(events).toEqual(['first SIGINT']);
    await clock.advance(1);
    send('SIGTERM');
    expect(events).toEqual(['first SIGINT', 'killed by SIGTERM']);
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'end process 1 of a container, which the kernel does not end by %s, with exit code %i',
    async (signal, code) => {
      signals = onEndSignals({ onFirst, clock });
      void signals.end(signal);
      await settled();
      expect(events).toEqual([`killed by ${signal}`]);
      await clock.advance(100);
      expect(events).toEqual([`killed by ${signal}`, `exit ${code}`]);
    },
  );

  it('do not end the process when other code listens too', async () => {
    const other = () => {};
    signals = onEndSignals({ onFirst, clock });
    process.on('SIGTERM', other);
    const ended = signals.end('SIGTERM');
    await clock.advance(100);
    await ended;
    process.removeListener('SIGTERM', other);
    expect(events).toEqual(['killed by SIGTERM']);
  });

  it('are left to other listeners with onOthers, and are not listened to afterwards', () => {
    const other = () => void events.push(`other, beside ${process.listenerCount('SIGTERM') - 1}`);
    process.on('SIGTERM', other);
    signals = onEndSignals({ onFirst, onOthers, clock });
    send('SIGTERM');
    send('SIGTERM');
    send('SIGINT');
    process.removeListener('SIGTERM', other);
    expect(events).toEqual(['others', 'other, beside 0', 'other, beside 0', 'first SIGINT']);
  });

  it('can be simulated by the program, and are not listened to after release', () => {
    signals = onEndSignals({ onFirst, clock });
    signals.receive('SIGTERM');
    expect(events).toEqual(['first SIGTERM']);
    signals.release();
    expect(['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal))).toEqual([0, 0]);
  });
});
