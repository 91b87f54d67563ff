import { isListening } from '../../platform/is-listening.ts';
import { type FoundStudio, findStudio } from './find-studio.ts';
import { type Studio, type StudioOptions, startStudio } from './studio.ts';

export type OpenedStudio =
  /** One runs at this port already. */
  | { readonly found: FoundStudio }
  /** `isElsewhere`: another program has the port, so it is at a free one. */
  | { readonly studio: Studio; readonly isElsewhere: boolean };

/** Starts a Studio at its port, or finds the one that is there, or steps aside for another program. */
export async function openStudio(options: StudioOptions & { readonly port: number }): Promise<OpenedStudio> {
  const { port } = options;
  // A program that listens on all addresses, or on the other loopback address, does not always prevent that we listen.
  const isTaken = port !== 0 && (await Promise.all([isListening(port), isListening(port, '::1')])).includes(true);
  if (!isTaken) {
    try {
      return { studio: await startStudio(options), isElsewhere: false };
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE') throw error;
    }
  }
  const found = await findStudio(port);
  return found === undefined ? { studio: await startStudio({ ...options, port: 0 }), isElsewhere: true } : { found };
}
