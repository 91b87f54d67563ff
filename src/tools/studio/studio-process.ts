/**
 * The program that `startStudioProcess` starts. It ends with its parent process, and keeps until then what arrives: a
 * parent that is stopped sends its last spans.
 */
import { messageOf } from '../../platform/message-of.ts';
import { openStudio } from './open-studio.ts';
import type { StudioCommand, StudioMessage, StudioProcessOptions } from './start-studio-process.ts';

function send(message: StudioMessage): void {
  if (process.connected) process.send?.(message);
}

async function main(options: StudioProcessOptions): Promise<void> {
  process.title = 'tta studio';
  const opened = await openStudio(options);
  if ('found' in opened) {
    send({ found: opened.found });
    return;
  }
  const { studio, isElsewhere } = opened;
  const { kind, path, notes } = studio.storage();
  process.on('message', ({ scrape, id }: StudioCommand) => {
    const done = () => send({ scraped: id });
    studio.numbers.addTarget(scrape).then(done, done);
  });
  const end = () => void studio.close().finally(() => process.exit());
  if (process.connected) process.once('disconnect', end);
  else end();
  send({ ready: { url: studio.url, isElsewhere, storage: { kind, path, notes } } });
}

main(JSON.parse(process.argv[2] ?? '{}') as StudioProcessOptions).catch((error: unknown) => {
  send({ failed: messageOf(error) });
  process.disconnect?.();
});
