/** Applications that look as if something were wrong, and for which no alert may fire. */
import type { ApplicationFault } from './application-fault.ts';

/** A service that runs in several namespaces. */
export const SHOP = `
const order = workflow('order', task('charge', () => { if (broken) fails(); }));
every(250, () => order.execute());`;

const LASTS = { lastsMinutes: 22, raises: {} } as const;

export const NO_FAULTS: readonly ApplicationFault[] = [
  {
    ...LASTS,
    job: 'tta-healthy',
    fault: 'Nothing: a healthy neighbour of all faults',
    program: `
const steady = retry(task('charge', (n) => n % 20 === 0 && Math.random() < 0.5 ? fails() : n), { maxRetries: 5, initialDelayMs: 5 });
const order = workflow('order', cache(steady, { key: (n) => String(n % 20), ttlMs: 60_000 }));
every(250, (n) => order.execute(n));`,
  },
  {
    ...LASTS,
    job: 'tta-idle',
    fault: 'Nothing: a service without traffic',
    program: `workflow('order', llm(model('gpt-4', () => reply(0))));`,
  },
  {
    ...LASTS,
    job: 'tta-users-leave',
    fault: 'Users cancel 60 % of the executions',
    program: `
const order = workflow('order', task('ask', () => wait(300)));
every(250, (n) => {
  const user = new AbortController();
  if (broken && n % 10 < 6) setTimeout(() => user.abort(), 100);
  return order.execute(n, { signal: user.signal });
});`,
  },
  {
    ...LASTS,
    job: 'tta-races',
    fault: 'Races and hedges end their losers in masses',
    program: `
const quick = workflow('quick', task('here', () => 1));
const late = workflow('late', task('there', (_, { signal }) => new Promise((done, fail) => {
  const timer = setTimeout(done, 2_000);
  signal.addEventListener('abort', () => { clearTimeout(timer); fail(signal.reason); });
})));
const order = workflow('order', race([quick, late]));
every(250, () => order.execute());`,
  },
  {
    ...LASTS,
    job: 'tta-retries-help',
    fault: 'Half of the calls need a retry, which succeeds',
    program: `
const ask = retry(task('ask', (_, { attempt }) => broken && attempt === 1 && Math.random() < 0.5 ? fails() : 1), { initialDelayMs: 10 });
const order = workflow('order', ask);
every(250, () => order.execute());`,
  },
  {
    ...LASTS,
    job: 'tta-circuit-once',
    fault: 'A circuit is open for 10 seconds, once',
    program: `
let down = false;
whenChanged(() => { down = true; setTimeout(() => { down = false; }, 2_000); });
const ask = circuitBreaker(task('ask', () => down ? fails() : 1), { consecutiveFailures: 5, openMs: 10_000, name: 'ask' });
const order = workflow('order', task('charge', () => ask.execute().catch(() => 'none')));
every(250, () => order.execute());`,
    mend: () => {},
  },
  {
    ...LASTS,
    job: 'tta-one-error',
    fault: 'One of 500 executions fails',
    program: `
const order = workflow('order', task('charge', (n) => { if (broken && n % 500 === 7) fails(); }));
every(100, (n) => order.execute(n));`,
  },
  {
    ...LASTS,
    job: 'tta-clock',
    fault: 'The clock of the application is an hour ahead',
    program: `
const order = workflow('order', task('charge', (n) => n));
every(250, (n) => order.execute(n));`,
    env: () => ({
      NODE_OPTIONS:
        '--import data:text/javascript,const{now}=Date;Date.now=()=>now()+3600000;const{timeOrigin}=performance;Object.defineProperty(performance,"timeOrigin",{value:timeOrigin+3600000})',
    }),
    mend: () => {},
  },
  {
    ...LASTS,
    job: 'tta-deploys',
    fault: 'A rolling restart of two instances',
    program: `
const order = workflow('order', task('charge', (n) => n));
every(250, (n) => order.execute(n));`,
    instances: 2,
    inject: async ({ instances }) => {
      for (const { program } of instances) {
        await program.stop();
        await program.start();
        await new Promise((done) => setTimeout(done, 20_000));
      }
    },
    mend: () => {},
  },
  {
    ...LASTS,
    job: 'other-program',
    fault: 'Another program of this Prometheus holds 5 GB and restarts all the time',
    env: () => ({ OTEL_METRICS_EXPORTER: 'none' }),
    program: `
import { createServer } from 'node:http';
createServer((_, answer) => {
  answer.setHeader('content-type', 'text/plain; version=0.0.4');
  answer.end('process_resident_memory_bytes 5e9\\nprocess_start_time_seconds ' + Date.now() / 1_000 + '\\n');
}).listen(process.env.OTEL_EXPORTER_PROMETHEUS_PORT, '127.0.0.1');`,
    mend: () => {},
  },
  {
    ...LASTS,
    job: 'tta-shop',
    labels: { cluster: 'west', namespace: 'production' },
    fault: 'Nothing: the production of a service whose staging fails',
    program: SHOP,
    mend: () => {},
    inject: () => {},
  },
  {
    ...LASTS,
    job: 'tta-shop',
    labels: { cluster: 'east', namespace: 'staging' },
    fault: 'Nothing: the other cluster of a service whose staging fails',
    program: SHOP,
    mend: () => {},
    inject: () => {},
  },
];
