/**
 * `npm run bench`: what observation costs, as a ratio beside the same work done by hand in the same rounds of the same
 * process. Each setting runs in a process of its own, because the OpenTelemetry SDK is registered once per process.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import type { Result } from './measure.js';
import { settings } from './settings.js';

const child = fileURLToPath(new URL('./child.js', import.meta.url));

function run(setting: string): Promise<Result[]> {
  return new Promise((resolve, reject) => {
    const worker = fork(child, [setting], { execArgv: ['--expose-gc'] });
    worker.on('message', (message: { done: number } | { results: Result[] }) => {
      if ('results' in message) resolve(message.results);
      else if (process.stderr.isTTY) process.stderr.write(`\r${setting}: ${Math.round(message.done * 100)} % `);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => code === 0 || reject(new Error(`the setting "${setting}" ended with code ${code}`)));
  });
}

const wanted = process.argv.slice(2);
for (const setting of Object.keys(settings).filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const results = await run(setting);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const table = new Table({
    head: [setting, 'ours', 'beside', 'it', 'ratio', 'middle half'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right'],
  });
  for (const { name, reference, ours, theirs, ratio, low, high } of results) {
    table.push([name, ns(ours), reference, ns(theirs), ratio.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`]);
  }
  process.stdout.write(`${table.toString()}\n\n`);
}

function ns(value: number): string {
  return `${Math.round(value).toLocaleString('en')} ns`;
}
