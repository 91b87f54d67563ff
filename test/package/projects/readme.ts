import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../project.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SECTION = README.slice(README.indexOf('## Your own workflow'), README.indexOf('## The primitives'));

/** The workflow of the README, which is TypeScript and JavaScript, without the line that keeps the process alive. */
export const WORKFLOW = block('ts').replace(/^setTimeout\(.*$/m, '');

/** The packages that the README's installation names, without our own. */
export const INSTALLED = [...SECTION.matchAll(/^npm install (.+?)(?: +#.*)?$/gm)]
  .flatMap(([, packages = '']) => packages.split(' '))
  .filter((name) => name !== 'tta-primitives');

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(SECTION)?.[1];
  if (found === undefined) throw new Error(`README.md: "Your own workflow" has no block of ${language}`);
  return found;
}

/** The end of a program under test: prints its own series. */
export const PRINT_SERIES = `
const endpoint = 'http://127.0.0.1:' + process.env.OTEL_EXPORTER_PROMETHEUS_PORT + '/metrics';
console.log(await (await fetch(endpoint)).text());
`;
