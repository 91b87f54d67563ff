/**
 * The program that `startStudioProcess` starts. It ends with its parent process, and with all other programs that use it.
 * It keeps until then what arrives: a parent that is stopped sends its last spans.
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
  const end = () => void studio.close().finally(() => process.exit());
  const endWhenUnused = () => void studio.guests.gone().then(end);
  process.on('message', (command: StudioCommand) => {
    if ('leave' in command) {
      if (studio.guests.count() > 0) send({ stays: true });
      else end();
      return;
    }
    const done = () => send({ scraped: command.id });
    studio.numbers.addTarget(command.scrape).then(done, done);
  });
  if (process.connected) process.once('disconnect', endWhenUnused);
  else endWhenUnused();
  send({ ready: { url: studio.url, isElsewhere, storage: { kind, path, notes } } });
}

main(JSON.parse(process.argv[2] ?? '{}') as StudioProcessOptions).catch((error: unknown) => {
  send({ failed: messageOf(error) });
  process.disconnect?.();
});
