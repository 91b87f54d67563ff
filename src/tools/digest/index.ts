/** The main job: a folder's texts, digested. */

export type { Digest, SummarisedPart } from './combine.ts';
export { createDigest, type DigestOptions } from './digest.ts';
export { choosePlace, PlaceError } from './place.ts';
export { FolderError } from './read.ts';
export { writeWhole } from './write-whole.ts';
