import { describe, expect, it } from 'vitest';
import { WRITER } from '../../src/core/accounts.ts';
import { soundUsage } from '../../src/ledger/usage.ts';
import { readReply, write } from '../../src/queue/envelope.ts';
import type { ReplyHead } from '../../src/queue/heads.ts';
import { JobReport } from '../../src/queue/job-report.ts';
import { sentCharge } from '../../src/queue/told.ts';

/** As the producer reads it. */
function read(report: JobReport) {
  const reply = readReply(write({ v: 1, run: 'r', kind: 'error', error: undefined, ...report.close(WRITER) }));
  if (reply.is !== 'ok' || reply.head.kind !== 'error') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return reply.head;
}

describe('the report of a job', () => {
  it('has each of a thousand durations, and of more their number and mean', () => {
    const report = new JobReport();
    for (let i = 0; i < 1_500; i += 1) report.ended('a', 'success', i < 1_000 ? 0.25 : 2);
    const { workflows } = read(report);
    expect(workflows).toHaveLength(1);
    expect(workflows?.[0]).toMatchObject({ name: 'a', outcome: 'success', more: 500, mean: 2 });
    expect(workflows?.[0]?.seconds).toHaveLength(1_000);
  });

  it('says that a duration is unknown where no clock was read, and not that it is 0', () => {
    const report = new JobReport();
    report.ended('a', 'failure', Number.NaN);
    expect(read(report).workflows).toEqual([{ name: 'a', outcome: 'failure', seconds: [null] }]);
    const many = new JobReport();
    many.ended('a', 'failure', Number.NaN, 2_000);
    expect(read(many).workflows?.[0]).toMatchObject({ more: 1_000 });
    expect(read(many).workflows?.[0]).not.toHaveProperty('mean');
  });

  it('can be read however many workflows there are, and however long their names: none is left out', () => {
    const report = new JobReport();
    for (let i = 0; i < 5_000; i += 1)
      report.ended(`${'\u{1f600}\ud800"'.repeat(300)} ${i}`.slice(-900), 'timeout', 0.001);
    const { workflows = [] } = read(report);
    const count = workflows.reduce((sum, { seconds, more = 0 }) => sum + seconds.length + more, 0);
    expect(count).toBe(5_000);
    expect(workflows.length).toBeLessThanOrEqual(100);
  });

  it('is not read where it says more than a job can do', () => {
    const ends = { name: 'a', outcome: 'success', seconds: [], more: 600_000, mean: 1 } as const;
    const reply = write({ v: 1, run: 'r', kind: 'error', error: undefined, workflows: [ends, ends] });
    expect(readReply(reply)).toMatchObject({ is: 'unreadable' });
    const endless = new JobReport();
    endless.ended('a', 'success', 1, 5_000_000);
    expect(read(endless).workflows?.[0]?.more).toBe(1_000_000);
  });

  it.each([
    ['dollars without end', { kind: 'output', codec: 'json', open: { answered: 1e300 } }],
    ['fewer dollars than none', { kind: 'output', codec: 'json', decided: { failed: -1 } }],
    [
      'a workflow that has taken longer than a life',
      { workflows: [{ name: 'a', outcome: 'success', seconds: [1e10] }] },
    ],
    ['a mean without end', { workflows: [{ name: 'a', outcome: 'success', seconds: [], more: 1, mean: 1e300 }] }],
    ['a price below 0, which a budget would take for room', { kind: 'priced', n: 1, q: 0, dollars: -1 }],
    ['a price without end', { kind: 'priced', n: 1, q: 0, dollars: 1e300 }],
  ])('is not read where it says %s: a counter would show nothing else any more', (_, said) => {
    const head = { v: 1, run: 'r', kind: 'error', error: null, ...said } as unknown as ReplyHead;
    expect(readReply(write(head))).toMatchObject({ is: 'unreadable' });
  });

  it('can be read whatever a price, a clock or a model says', () => {
    const report = new JobReport();
    report.ended('a', 'success', Number.MAX_VALUE);
    for (let i = 0; i < 2_000; i += 1) report.ended('b', 'success', Number.MAX_VALUE);
    for (let i = 0; i < 3; i += 1) {
      report.account.add('failed', Number.MAX_VALUE);
      report.account.decide('hedged', Number.MAX_VALUE);
    }
    expect(read(report)).toMatchObject({ open: { failed: 1e9 }, decided: { hedged: 1e9 } });
    const usage = soundUsage({ inputTokens: Number.MAX_VALUE, outputTokens: Number.MAX_VALUE });
    const charge = sentCharge({
      ...{ provider: 'p', model: 'm', outcome: 'answered', metering: 'exact', pricedBy: 'author' },
      ...{ usage, dollars: Number.MAX_VALUE },
    });
    const reply = write({ v: 1, run: 'r', kind: 'spent', n: 1, items: [{ charge }] });
    expect(readReply(reply)).toMatchObject({ is: 'ok' });
  });

  it('has the dollars that a policy around may still drop apart from those whose use is decided', () => {
    const report = new JobReport();
    report.account.add('answered', 0.5);
    report.account.add('superseded', 0.25);
    report.account.decide('hedged', 0.125);
    expect(read(report)).toMatchObject({ open: { answered: 0.5, superseded: 0.25 }, decided: { hedged: 0.125 } });
  });
});
