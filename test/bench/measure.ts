/** Interleaved rounds: every candidate runs in every round, so that a slow moment of the machine hits all alike. */

export type Run = (input: number) => Promise<unknown>;

export interface Case {
  readonly name: string;
  /** What it is compared with, by hand. */
  readonly reference: string;
  readonly ours: Run;
  readonly theirs: Run;
  /** How many executions are measured as one. @default 1 */
  readonly steps?: number;
  /** Whether it waits for another process: then the time that passes is measured, else the processor's. @default false */
  readonly waits?: boolean;
}

export interface Result {
  readonly name: string;
  readonly reference: string;
  /** Nanoseconds per execution, medians over the rounds. */
  readonly ours: number;
  readonly theirs: number;
  /** Median of the rounds' own ratios ours / theirs, and the middle half of them. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

const ROUNDS = 41;
const WARM_UP = 6;
const EXECUTIONS = 6_000;

export async function measure(cases: readonly Case[], progress: (done: number) => void): Promise<Result[]> {
  const samples = cases.map(() => ({ ours: [] as number[], theirs: [] as number[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, one] of cases.entries()) {
      const count = Math.ceil(EXECUTIONS / (one.steps ?? 1));
      const oursFirst = (round + i) % 2 === 0;
      const first = await timed(oursFirst ? one.ours : one.theirs, count, one);
      const second = await timed(oursFirst ? one.theirs : one.ours, count, one);
      if (round < WARM_UP) continue;
      samples[i]?.ours.push(oursFirst ? first : second);
      samples[i]?.theirs.push(oursFirst ? second : first);
    }
    progress((round + 1) / ROUNDS);
  }
  return cases.map(({ name, reference }, i) => {
    const { ours, theirs } = samples[i] as { ours: number[]; theirs: number[] };
    const ratios = ours.map((value, round) => value / (theirs[round] as number));
    return {
      name,
      reference,
      ours: quantile(ours, 0.5),
      theirs: quantile(theirs, 0.5),
      ratio: quantile(ratios, 0.5),
      low: quantile(ratios, 0.25),
      high: quantile(ratios, 0.75),
    };
  });
}

/** Work that waits for nothing takes the same processor time on a busy machine as on a quiet one. */
async function timed(run: Run, count: number, { waits = false }: Case): Promise<number> {
  const now = waits ? () => Number(process.hrtime.bigint()) : processorTime;
  const start = now();
  for (let i = 0; i < count; i += 1) await run(i);
  return (now() - start) / count;
}

/** In nanoseconds, with that of the garbage collector. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
