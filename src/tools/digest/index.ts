/** The main job: summarises the texts of a folder. */

export type { Digest, SummarisedPart } from './combine.ts';
export { createDigest, type DigestOptions } from './digest.ts';
export { OutputPathError, resolveOutputPath } from './output-path.ts';
export { FolderError } from './read-folder.ts';
export { writeAtomically } from './write-atomically.ts';
