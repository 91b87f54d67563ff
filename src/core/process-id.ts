import { randomUUID } from 'node:crypto';
import { processWide } from '../platform/process-wide.ts';

const own = processWide('process id', () => ({ id: randomUUID() }));

/** A name for this process that no other one has, on any machine. All copies of this package have the same. */
export const PROCESS_ID = own.id;

/** A text that was never given before. */
export const uniqueId: () => string = randomUUID;
