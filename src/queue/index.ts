/** `tta-primitives/queue`: primitives that run on workers, by way of an existing queue engine. */
export type { RedisSettings } from './bullmq/connections.ts';
export { type BullmqQueueOptions, bullmqQueue, type RedisClient } from './bullmq-queue.ts';
export type { Codec, SizeLimit } from './codec.ts';
export { type Devalue, devalueCodec } from './devalue-codec.ts';
export { type DistributeOptions, distribute } from './distribute.ts';
export {
  CallerAwayError,
  JobDeadError,
  JobLostError,
  PayloadTooLargeError,
  QueueAwayError,
  QueueFullError,
  StreamNotDistributableError,
  UnreadableReplyError,
} from './errors.ts';
export type {
  DeadJob,
  DeadJobs,
  DrainReport,
  EngineEvents,
  Inbox,
  InboxOptions,
  JobEnd,
  JobHandler,
  JobQueue,
  JobRun,
  QueuedJob,
  QueueMessage,
  QueueStats,
  WorkerHandle,
  WorkOptions,
} from './job-queue.ts';
export { jsonCodec } from './json-codec.ts';
export { type MemoryQueueOptions, memoryQueue } from './memory-queue.ts';
export { type NatsClient, type NatsQueueOptions, natsQueue } from './nats-queue.ts';
export { startWorker, type Worker, type WorkerOptions } from './worker.ts';
