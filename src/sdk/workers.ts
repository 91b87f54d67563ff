/**
 * The processes and threads whose metrics this one serves. Before a scrape each is asked for what it has measured since
 * the last time. One that computes, and so does not answer, costs one scrape the deadline and later ones nothing. Its
 * answer is added when it comes.
 */
import { systemClock } from '../platform/clock.ts';
import type { Report, ReportSink } from '../prometheus/report.ts';
import type { Source } from '../prometheus/series.ts';
import { guarded } from '../telemetry/guard.ts';
import { scrapedWorkers } from '../telemetry/scrapes.ts';

export interface WorkersOptions {
  /** The longest that a scrape waits for workers, in milliseconds. */
  readonly deadlineMs: number;
  /** Calls `work` while no scrape runs. */
  readonly change: (work: (sink: ReportSink) => void) => void;
}

interface Worker {
  readonly ask: () => void;
  /** Whether it has been asked and has not answered. */
  isAsked: boolean;
  /** Itself, and its threads. */
  readonly sources: Set<Source>;
}

export class Workers {
  readonly #options: WorkersOptions;
  readonly #workers = new Map<Source, Worker>();
  /** What waits for the end of a scrape. */
  readonly #changes: ((sink: ReportSink) => void)[] = [];
  #isGathering = false;
  #hadWorkers = false;
  #onAnswer = () => {};

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** @param ask sends the question; the answer is for `heard` */
  join(source: Source, ask: () => void): void {
    if (!this.#workers.has(source)) this.#workers.set(source, { ask, isAsked: false, sources: new Set([source]) });
  }

  /** Adds the answer of a worker, with those of its threads. */
  heard(source: Source, reports: readonly Report[]): void {
    const worker = this.#workers.get(source);
    // The message may arrive after the news that the process has ended.
    if (worker === undefined) this.left(source, reports);
    else {
      this.#add(source, reports, worker.sources);
      worker.isAsked = false;
      this.#onAnswer();
    }
  }

  /** A worker has ended, or gives no more answers. What it has counted stays; its gauges go. */
  left(source: Source, last: readonly Report[] = []): void {
    const worker = this.#workers.get(source);
    const sources = worker?.sources ?? new Set([source]);
    this.#workers.delete(source);
    this.#add(source, last, sources);
    for (const each of sources) this.#change((sink) => sink.remove(each));
    if (worker !== undefined) worker.isAsked = false;
    this.#onAnswer();
  }

  /** Asks all workers, waits for their answers until the deadline, and adds what has come. */
  async gather(sink: ReportSink, timeoutMs: number): Promise<void> {
    this.#isGathering = true;
    const asked = [...this.#workers.values()].filter(({ isAsked }) => !isAsked);
    for (const worker of asked) {
      worker.isAsked = true;
      guarded('a worker cannot be asked for its metrics', worker.ask);
    }
    // The other half is for the callbacks of this process.
    await this.#answersOf(asked, Math.min(this.#options.deadlineMs, timeoutMs / 2));
    this.#isGathering = false;
    this.apply(sink);
    this.#count();
  }

  #answersOf(asked: readonly Worker[], ms: number): Promise<void> {
    return new Promise((resolve) => {
      const isDone = () => asked.every(({ isAsked }) => !isAsked);
      if (isDone()) return resolve();
      const end = () => {
        cancel();
        this.#onAnswer = () => {};
        resolve();
      };
      const cancel = systemClock.after(ms, end);
      this.#onAnswer = () => {
        if (isDone()) end();
      };
    });
  }

  /** Without workers there is no such metric: most programs never have any. */
  #count(): void {
    this.#hadWorkers ||= this.#workers.size > 0;
    if (!this.#hadWorkers) return;
    const stuck = [...this.#workers.values()].filter(({ isAsked }) => isAsked).length;
    scrapedWorkers('stuck').value = stuck;
    scrapedWorkers('answered').value = this.#workers.size - stuck;
  }

  #add(worker: Source, reports: readonly Report[], sources: Set<Source>): void {
    for (const { source: thread, scopes, ended } of reports) {
      const source = worker + thread;
      if (ended) sources.delete(source);
      else sources.add(source);
      this.#change((sink) => (ended ? sink.remove(source) : sink.add(source, scopes)));
    }
  }

  #change(work: (sink: ReportSink) => void): void {
    this.#changes.push(work);
    if (!this.#isGathering && this.#changes.length === 1) this.#options.change((sink) => this.apply(sink));
  }

  /** Adds what has come so far. */
  apply(sink: ReportSink): void {
    for (const change of this.#changes.splice(0)) guarded('a report of a worker cannot be added', () => change(sink));
  }
}
