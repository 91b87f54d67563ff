import { describe, expect, it } from 'vitest';
import { Account, type DollarUse, type Payee, type Standing, useOf, type Verdict } from '../../src/ledger/account.ts';

/** Writes down what an outermost account gives when it is closed. */
function book() {
  const written: Partial<Record<DollarUse, number>> = {};
  const decide = (use: DollarUse, dollars: number) => {
    written[use] = (written[use] ?? 0) + dollars;
  };
  const writer: Payee = { decide, add: (standing, dollars) => decide(useOf(standing), dollars) };
  return { written, root: new Account(writer) };
}

describe('an account', () => {
  it.each<[Verdict, Standing, DollarUse]>([
    ['kept', 'answered', 'answered'],
    ['kept', 'substituted', 'fallback'],
    ['kept', 'failed', 'failed'],
    ['kept', 'superseded', 'failed'],
    ['substitute', 'answered', 'fallback'],
    ['substitute', 'failed', 'failed'],
    ['retried', 'answered', 'retried'],
    ['retried', 'substituted', 'retried'],
    ['retried', 'failed', 'failed'],
    ['retried', 'superseded', 'failed'],
    ['replaced', 'answered', 'fallback'],
    ['replaced', 'failed', 'failed'],
    ['lost', 'answered', 'hedged'],
    ['lost', 'failed', 'hedged'],
    ['lost', 'superseded', 'hedged'],
    ['aborted', 'answered', 'aborted'],
    ['aborted', 'failed', 'aborted'],
  ])('of work that is %s counts what %s as %s, before and after it is closed', (verdict, standing, use) => {
    const { written, root } = book();
    const early = new Account(root);
    early.add(standing, 1);
    early.close(verdict);
    early.close('aborted');
    early.add(standing, 2);
    expect(written).toEqual({});
    root.close('kept');
    expect(written).toEqual({ [use]: 3 });
    early.add(standing, 4);
    expect(written).toEqual({ [use]: 7 });
  });

  it('keeps what the nearest account has decided', () => {
    const { written, root } = book();
    const outer = new Account(root);
    const inner = new Account(outer);
    inner.add('answered', 1);
    inner.close('retried');
    outer.add('answered', 2);
    outer.close('lost');
    root.add('answered', 4);
    root.decide('aborted', 8);
    root.close('aborted');
    expect(written).toEqual({ retried: 1, hedged: 2, aborted: 12 });
  });
});
