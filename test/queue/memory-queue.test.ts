import { memoryQueue } from '../../src/queue/index.ts';
import { describeQueue } from './contract.ts';

const queues = new Map<string, ReturnType<typeof memoryQueue>>();

describeQueue('memoryQueue', () => ({
  connect(name, settings = {}) {
    const { maxWaiting } = settings;
    const key = JSON.stringify([name, settings]);
    const queue = queues.get(key) ?? memoryQueue(name, { maxWaiting });
    queues.set(key, queue);
    // Another client of the queue closes only itself.
    return queue;
  },
  server: undefined,
}));
