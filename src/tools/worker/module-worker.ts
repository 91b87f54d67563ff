/** The process of `tta worker`: it runs the primitives that a module exports. */
import { loadPrimitives } from './load-primitives.ts';
import { serveWorker } from './serve-worker.ts';

export interface ModuleWork {
  /** A path, or what an import in a file of `folder` could say. */
  readonly specifier: string;
  readonly folder: string;
}

serveWorker<ModuleWork>(async ({ specifier, folder }, place) => {
  const loaded = await loadPrimitives(specifier, folder);
  if (place !== undefined) return loaded;
  const [queue, ...more] = loaded.queues;
  if (queue === undefined) throw new Error(`${specifier} exports no queue: export one, or name it with --queue`);
  if (more.length > 0)
    throw new Error(`${specifier} exports several queues: name the one for this worker with --queue`);
  return { ...loaded, queue };
});
