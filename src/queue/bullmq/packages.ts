/** The client packages of BullMQ, which are loaded when a queue is first used. */
import { importError } from '../../platform/optional.ts';

export async function loadBullmq(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (error) {
    throw importError('bullmqQueue', ['bullmq', 'ioredis'], error);
  }
}

export async function loadIoredis() {
  try {
    return await import('ioredis');
  } catch (error) {
    throw importError('bullmqQueue', ['ioredis'], error);
  }
}
