import { createInterface } from 'node:readline';

/** Asks at the terminal. Every answer but yes is no. Ctrl-C ends the process, as long as this waits: the terminal is not in raw mode. */
export function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  return new Promise<boolean>((resolve) => {
    lines.question(question, (answer) => resolve(/^y(?:es)?$/i.test(answer.trim())));
    lines.once('close', () => resolve(false));
  }).finally(() => lines.close());
}
