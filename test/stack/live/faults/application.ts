/** Starts the programs of the faults as applications of a live stack. */
import { join } from 'node:path';
import { ENTRY } from '../../../support/child.ts';
import { freePort } from '../../../support/free-port.ts';
import type { Program } from '../../../support/program.ts';
import type { LiveStack } from '../live-stack.ts';
import { applicationEnvironment } from '../main-job.ts';
import type { ApplicationFault } from './application-fault.ts';

/** What every program can use, beside the names of the front door. SIGUSR2 begins its fault and ends it. */
const PRELUDE = `
import * as tta from '${ENTRY.main}';
import { distribute, memoryQueue, startWorker } from '${ENTRY.queue}';
import { register } from '${ENTRY.sdk}';
import { metrics } from '@opentelemetry/api';
const { budget, bulkhead, cache, circuitBreaker, fallback, llm, race, retry, saga, task, timeout, workflow } = tta;
let broken = process.env.FAULT === 'from the start';
const changes = [];
const whenChanged = (change) => { changes.push(change); if (broken) change(broken); };
process.on('SIGUSR2', () => { broken = !broken; for (const change of changes) change(broken); });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
// Starts it every so many milliseconds, also while earlier ones run. Its error is that of a caller, who goes on.
const every = (ms, run) => {
  let n = 0;
  return setInterval(() => { const i = n++; Promise.resolve(i).then(run).catch(() => {}); }, ms);
};
const reply = (dollars) => ({ text: 'yes', usage: { inputTokens: 100, outputTokens: 10 }, ...(dollars === undefined ? {} : { dollars }) });
const model = (id, answer, provider = 'openai') => ({ id, provider, generate: async () => answer() });
const fails = () => { throw new Error('unavailable'); };
// The endpoint alone does not keep a process alive.
every(60_000, () => {});
// Every provider on the network answers with this; nothing is sent.
globalThis.fetch = async () => Response.json({});
`;

export interface Instance {
  readonly port: number;
  readonly program: Program;
}

export interface Application {
  readonly stack: LiveStack;
  readonly instances: readonly Instance[];
  /** The labels of its targets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Begins the fault of all instances, or ends it. */
  toggle(): void;
  /** Ends everything that was started for it. */
  stop(): Promise<void>;
}

/** For `edit` of a live stack: takes the target out that stands for the reader's application. */
export const withoutExample = (_: string, text: string) =>
  text.replace("    static_configs:\n      - targets: ['127.0.0.1:9464']\n", '');

/** Starts the processes of a fault and adds them to the targets of Prometheus. */
export async function startApplication(stack: LiveStack, fault: ApplicationFault): Promise<Application> {
  const { job, program, options = {}, env = () => ({}), instances: count = 1, fromTheStart = false } = fault;
  const labels = { job, ...fault.labels };
  const name = Object.values(labels).join('-');
  const instances: Instance[] = [];
  for (let i = 0; i < count; i += 1) {
    const port = await freePort();
    const sparePort = await freePort();
    const running = await stack.run(`${name}-${i}`, {
      command: process.execPath,
      args: [
        '--expose-gc',
        '--input-type=module',
        '--eval',
        `${PRELUDE}await register(${JSON.stringify(options)});\n${program}`,
      ],
      env: {
        ...applicationEnvironment(stack, { port, service: job }),
        STATE: join(stack.folder, `${name}.mjs`),
        ...(fromTheStart ? { FAULT: 'from the start' } : {}),
        ...env(sparePort),
        SPARE_PORT: String(sparePort),
      },
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    instances.push({ port, program: running });
    await stack.addApplication(port, labels);
  }
  return {
    stack,
    instances,
    labels,
    toggle: () => {
      for (const { program } of instances) program.signal('SIGUSR2');
    },
    async stop() {
      for (const { port, program } of instances) {
        await stack.removeApplication(port);
        await program.kill();
      }
    },
  };
}
