import { expect, it } from 'vitest';
import { expectEverySpanAccountedFor } from '../support/any-spans.ts';
import { component } from '../support/component.ts';

const program = component('otelcol-tta');

it.skipIf(program === undefined)(
  'spans with values of every kind arrive at a real Collector, or are counted',
  async () => {
    await expectEverySpanAccountedFor(program ?? expect.unreachable(), 4_000);
  },
);
