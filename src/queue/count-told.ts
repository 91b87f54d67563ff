/** Counts what a worker tells of a job, as if the work had been done here. */
import type { ExecutionContext } from '../core/context.ts';
import type { Payee } from '../ledger/account.ts';
import type { Observation } from '../telemetry/record/queue.ts';
import { recordWorkflows } from '../telemetry/record/workflow.ts';
import { DOLLAR_USES, type Dollars, STANDINGS, type Told } from './told.ts';

/** The call that asked for the job. */
interface Caller {
  readonly context: ExecutionContext;
  readonly observation: Observation;
}

export function countWorkflows({ workflows = [] }: Told, { context, observation }: Caller): void {
  const count = (name: string, outcome: (typeof workflows)[number]['outcome'], seconds: number, times: number) => {
    // A call inside of a job: the caller of that job counts.
    const sink = context.workflowSink;
    if (sink !== undefined) sink.ended(name, outcome, seconds, times);
    else recordWorkflows(name, outcome, seconds, times, observation);
  };
  for (const { name, outcome, seconds, more = 0, mean = Number.NaN } of workflows) {
    for (const each of seconds) count(name, outcome, each ?? Number.NaN, 1);
    if (more > 0) count(name, outcome, mean, more);
  }
}

export function pay({ open = {}, decided = {} }: Dollars, payee: Payee): void {
  for (const standing of STANDINGS) if (open[standing]) payee.add(standing, open[standing]);
  for (const use of DOLLAR_USES) if (decided[use]) payee.decide(use, decided[use]);
}
