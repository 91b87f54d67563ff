/**
 * Evaluates all rules over four days that consist of the scrapes of a live run: as blocks in a real Prometheus, which is
 * asked for every minute of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startProgram } from '../../support/program.ts';
import {
  type EvaluatedRule,
  type PrometheusApi,
  prometheusApi,
  type RangeSeries,
} from '../../support/prometheus-api.ts';
import { type AlertEpisode, type LiveStack, spansOf } from './live-stack.ts';
import { repeatScrapes } from './repeat-scrapes.ts';

const DAYS = 4;
/** Seconds between two scrapes, and between two evaluations. */
const STEP = 60;
/** promtool reads a file again for each block of two hours that it makes: the files are small. */
const FILE_SECONDS = 6 * 3_600;

export interface FourDays {
  readonly program: 'prometheus' | 'prometheus-3';
  /** The begin and the end of the run, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface Evaluation {
  /** Every alert that would have fired. */
  readonly episodes: readonly AlertEpisode[];
  /** The recording rules that had a value at the end of the four days. */
  readonly recorded: ReadonlySet<string>;
}

export async function evaluateFourDays(stack: LiveStack, run: FourDays): Promise<Evaluation> {
  const folder = join(stack.folder, 'four-days');
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  const [from, to] = [Math.ceil(run.from / STEP) * STEP, Math.floor(run.to / STEP) * STEP];
  const times = Math.ceil((DAYS * 86_400) / (to - from));
  const begin = to - times * (to - from);
  const rules = await stack.prometheus.rules();

  async function addBlocks(series: readonly RangeSeries[]): Promise<void> {
    if (series.length === 0) return;
    const file = join(folder, 'samples.txt');
    await writeFile(file, `${series.map(linesOf).join('')}# EOF\n`);
    const promtool = run.program.replace('prometheus', 'promtool');
    await command(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, data]);
    await rm(file);
  }

  const perFile = Math.ceil(FILE_SECONDS / (to - from));
  let waiting: RangeSeries[] = [];
  let repetition = 0;
  for (const series of repeatScrapes(await scrapesFor(stack.prometheus, rules, { from, to }), { from, to, times })) {
    repetition += 1;
    waiting = [...waiting, ...series];
    if (repetition % perFile > 0 && repetition < times) continue;
    await addBlocks(waiting);
    waiting = [];
  }

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await writeFile(join(folder, 'prometheus.yml'), '{}');
  const prometheus = await startProgram({
    command: run.program,
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=30d',
      `--web.listen-address=127.0.0.1:${port}`,
      '--query.max-samples=500000000',
      // A series of a block has no mark where it ends: it would last for five minutes.
      `--query.lookback-delta=${2 * STEP}s`,
    ],
    log: join(folder, 'prometheus.log'),
    readyUrl: `${url}/-/ready`,
  });
  try {
    const api = prometheusApi(url);
    for (const level of levelsOf(rules.filter(({ type }) => type === 'recording'))) {
      for (let at = begin; at < to; at += FILE_SECONDS) {
        const recorded: RangeSeries[] = [];
        for (const { name, query, labels } of level)
          for (const { metric, values } of await api.queryRange(
            query,
            at,
            Math.min(at + FILE_SECONDS, to) - STEP,
            STEP,
          ))
            recorded.push({ metric: { ...metric, ...labels, __name__: name }, values });
        await addBlocks(recorded);
      }
      // It reads new blocks when it starts.
      await prometheus.stop();
      await prometheus.start();
    }
    const episodes: AlertEpisode[] = [];
    for (const { name, query, duration = 0, labels } of rules.filter(({ type }) => type === 'alerting'))
      for (const { metric, values } of await api.queryRange(query, begin, to - STEP, STEP)) {
        const { __name__: _, ...own } = metric;
        for (const span of spansOf(values, STEP))
          if (span.to - span.from >= duration)
            episodes.push({ labels: { alertname: name, ...own, ...labels }, ...span });
      }
    const recorded = new Set<string>();
    for (const { name } of rules.filter(({ type }) => type === 'recording'))
      if ((await api.queryRange(name, to - STEP, to - STEP, STEP)).length > 0) recorded.add(name);
    return { episodes, recorded };
  } finally {
    await prometheus.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The names in an expression; those of functions and labels are among them. */
const namesIn = (query: string) => new Set(query.replaceAll(/"[^"]*"/g, '').match(/[a-zA-Z_:][\w:]*/g));

/** A rule that reads what another one records comes in a later level. */
function levelsOf(rules: readonly EvaluatedRule[]): readonly (readonly EvaluatedRule[])[] {
  if (rules.length === 0) return [];
  const open = new Set(rules.map(({ name }) => name));
  const isReady = ({ query }: EvaluatedRule) => ![...namesIn(query)].some((name) => open.has(name));
  const level = rules.filter(isReady);
  if (level.length === 0) throw new Error(`these rules read one another: ${[...open].join(', ')}`);
  return [level, ...levelsOf(rules.filter((rule) => !isReady(rule)))];
}

/** One sample a minute of every scraped series that a rule reads. */
async function scrapesFor(
  prometheus: PrometheusApi,
  rules: readonly EvaluatedRule[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly RangeSeries[]> {
  const read = new Set(rules.flatMap(({ query }) => [...namesIn(query)]));
  for (const { name } of rules) read.delete(name);
  const found = [];
  for (const name of await prometheus.metricNames())
    if (read.has(name)) found.push(...(await prometheus.samples(name, from, to)));
  return found.map(({ metric, values }) => {
    let last = 0;
    const isNext = ([at]: readonly [number, string]) => {
      if (at - last < STEP - 5) return false;
      last = at;
      return true;
    };
    return { metric, values: values.filter(isNext) };
  });
}

/** The samples of a series in the format of OpenMetrics. */
function linesOf({ metric: { __name__: name, ...labels }, values }: RangeSeries): string {
  const list = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const id = `${name}{${list.join(',')}}`;
  return values.map(([at, value]) => `${id} ${value} ${at.toFixed(3)}\n`).join('');
}

async function command(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${output}`);
}
