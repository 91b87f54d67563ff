/** The main job: summarises the texts of a folder. */

export type { Digest, SummarisedPart } from './combine.ts';
export { createDigest, type DigestOptions, type PartialDocument } from './digest.ts';
export { OutputPathError, resolveOutputPath } from './output-path.ts';
export { type DigestPlan, type PlannedCalls, planDigest } from './plan.ts';
export { FolderError } from './read-folder.ts';
export { ASKING, createAsking, TOKENS_PER_MINUTE } from './summariser.ts';
