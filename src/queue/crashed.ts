/** Why a job is dead that one worker after the other has left, whatever the engine. */
export const CRASHED = 'it has ended each worker that started it';
