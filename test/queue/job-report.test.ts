import { describe, expect, it } from 'vitest';
import { WRITER } from '../../src/core/accounts.ts';
import { readReply, write } from '../../src/queue/envelope.ts';
import { JobReport } from '../../src/queue/job-report.ts';

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

  it('has the dollars that a policy around may still drop apart from those whose use is decided', () => {
    const report = new JobReport();
    report.account.add('answered', 0.5);
    report.account.add('superseded', 0.25);
    report.account.decide('hedged', 0.125);
    expect(read(report)).toMatchObject({ open: { answered: 0.5, superseded: 0.25 }, decided: { hedged: 0.125 } });
  });
});
