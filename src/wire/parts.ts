import type { WireParts } from './send-observed.ts';

/** What the observers of this package are made of. */
export const WIRE: WireParts = {
  recognise: () => undefined,
  begin() {
    throw new Error('no protocol recognises a request');
  },
  unrecognised() {},
};
