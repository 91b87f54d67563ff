import type { Case } from './measure.js';

/** How many histograms the scrapes have, each with a counter. */
export const SCRAPES = [100, 1_000, 10_000];

/** The setting of `distribute` beside a bare queue engine. */
export const QUEUE = 'queue';

/** A setting is an SDK, or none, and the cases that make sense with it. */
export interface Setting {
  readonly sdk: 'none' | 'sampled' | 'not sampled';
  readonly cases: () => Promise<readonly Case[]>;
}

export const settings: Readonly<Record<string, Setting>> = {
  'SDK on, every span sampled': { sdk: 'sampled', cases: async () => (await import('./steps.js')).againstByHand },
  'SDK on, no span sampled': { sdk: 'not sampled', cases: async () => (await import('./steps.js')).againstByHand },
  'policies, SDK on, every span sampled': {
    sdk: 'sampled',
    cases: async () => (await import('./policies.js')).policies,
  },
  'model calls on the wire, SDK on, every span sampled': {
    sdk: 'sampled',
    cases: async () => (await import('./wire.js')).calls,
  },
  'no SDK': { sdk: 'none', cases: async () => (await import('./steps.js')).againstBareSpan },
};
