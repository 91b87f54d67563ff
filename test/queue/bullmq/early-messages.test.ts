import { expect, it } from 'vitest';
import { EarlyMessages } from '../../../src/queue/bullmq/early-messages.ts';
import { bytes } from './engine.ts';

it('keeps what comes before its job, once and in order', () => {
  const early = new EarlyMessages();
  early.add('a', bytes('1'));
  early.add('b', bytes('2'));
  early.add('a', bytes('3'));
  expect(early.take('a')).toEqual([bytes('1'), bytes('3')]);
  expect(early.take('a')).toEqual([]);
  expect(early.take('b')).toEqual([bytes('2')]);
});

it('keeps a bounded number, and a bounded number of bytes', () => {
  const early = new EarlyMessages();
  for (let at = 0; at < 1_000; at++) early.add('many', bytes(`${at}`));
  const many = early.take('many');
  expect([many.length, many.at(-1)]).toEqual([200, bytes('999')]);
  for (let at = 0; at < 10; at++) early.add(`large ${at}`, new Uint8Array(400_000));
  const kept = Array.from({ length: 10 }, (_, at) => early.take(`large ${at}`).length);
  expect(kept).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
});
