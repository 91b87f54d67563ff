/**
 * `npm run bench`: what observation costs, as a ratio beside the same work done by hand in the same rounds of the same
 * process. Each setting runs in a process of its own, because the OpenTelemetry SDK is registered once per process.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import type { Result } from './measure.js';
import { COMPARED, type QueueRow } from './queue.js';
import { KINDS } from './queue-ends.js';
import type { ScrapeResult } from './scrape.js';
import { QUEUE, SCRAPES, settings } from './settings.js';

/** The setting of the scrapes: one process per size. */
const SCRAPE = 'scrape';

const child = fileURLToPath(new URL('./child.js', import.meta.url));

function run<T>(setting: string, ...more: string[]): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const worker = fork(child, [setting, ...more], { execArgv: ['--expose-gc'] });
    worker.on('message', (message: { done: number } | { results: T[] }) => {
      if ('results' in message) resolve(message.results);
      else if (process.stderr.isTTY) process.stderr.write(`\r${setting}: ${Math.round(message.done * 100)} % `);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => code === 0 || reject(new Error(`the setting "${setting}" ended with code ${code}`)));
  });
}

const wanted = process.argv.slice(2);
const known = [...Object.keys(settings), SCRAPE, QUEUE];
const unknown = wanted.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`there is no setting ${unknown}; there are ${known.join('; ')}`);
for (const setting of Object.keys(settings).filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const results = await run<Result>(setting);
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

if (wanted.length === 0 || wanted.includes(SCRAPE)) {
  const table = new Table({
    head: [SCRAPE, 'beside', 'time', 'ratio', 'longest wait', 'ratio', 'memory per histogram', 'ratio'],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', ...Array<'right'>(6).fill('right')],
  });
  for (const size of SCRAPES) {
    const [ours, ...others] = await run<ScrapeResult>(SCRAPE, String(size));
    if (ours === undefined) continue;
    table.push([size, 'ours', ms(ours.ms), '', ms(ours.stallMs), '', kb(ours.bytes), '']);
    for (const { name, ...it } of others) {
      const columns = [
        ms(it.ms),
        ours.ms / it.ms,
        ms(it.stallMs),
        ours.stallMs / it.stallMs,
        kb(it.bytes),
        ours.bytes / it.bytes,
      ];
      table.push([size, name, ...columns.map((each) => (typeof each === 'number' ? each.toFixed(2) : each))]);
    }
  }
  process.stdout.write(`${table.toString()}\n`);
}

if (wanted.length === 0 || wanted.includes(QUEUE)) {
  const table = new Table({
    head: [QUEUE, ...KINDS, ...COMPARED.map(([one, other]) => `${one} / ${other}`)],
    style: { head: [], border: [] },
    colAligns: ['left', ...Array<'right'>(KINDS.length + COMPARED.length).fill('right')],
  });
  for (const { name, unit, values, ratios } of await run<QueueRow>(QUEUE)) {
    const said = KINDS.map((kind) => values[kind].toLocaleString('en', { maximumSignificantDigits: 3 }));
    const shares = ratios.map(
      ({ ratio, low, high }) => `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
    table.push([unit === '' ? name : `${name}, ${unit}`, ...said, ...shares]);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  process.stdout.write(`${table.toString()}\n`);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function kb(value: number): string {
  return `${(value / 1_000).toFixed(1)} kB`;
}

function ns(value: number): string {
  return `${Math.round(value).toLocaleString('en')} ns`;
}
