/** The only place that writes lines to the terminal: nothing in them can move the cursor or change colours. */
import { withoutControls } from '../../platform/foreign-text.ts';

export function print(text: string): void {
  console.log(withoutControls(text));
}

/** Writes to stderr. */
export function printError(text: string): void {
  console.error(withoutControls(text));
}

/** The line for a shell that sets a variable of the environment. */
export function setVariable(name: string, value: string): string {
  return process.platform === 'win32' ? `$env:${name}="${value}"` : `export ${name}=${value}`;
}
