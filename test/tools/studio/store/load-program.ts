/** Programs for children that load a store: one that writes at a rate, and one that measures lists. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const BUILT = pathToFileURL(resolve(import.meta.dirname, '../../../../dist/src/tools/studio/store/open-store.js')).href;

/** Spans as a program of ours sends them: about 1.3 kB each as JSON, a model call in every third one. */
const COMMON = (folder: string, maxBytes: number) => `
  import { randomBytes } from 'node:crypto';
  import { openStore } from '${BUILT}';
  const limits = { maxBytes: ${maxBytes}, retentionDays: 7 };
  const { store, database } = await openStore({ folder: ${JSON.stringify(folder)}, limits });
  const WORKFLOWS = ['digest', 'summarise', 'checkout', 'answer', 'classify'];
  const WORDS = ['gateway', 'timeout', 'retry', 'fallback', 'embed', 'router', 'refused', 'connection', 'socket', 'cache'];
  const resource = {
    'service.name': 'shop', 'service.instance.id': 'abc', 'process.pid': 1234, 'host.name': 'laptop',
    'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.language': 'nodejs', 'telemetry.sdk.version': '2.12.0',
  };
  let runs = 0;
  function span(traceId, parentSpanId, run, at) {
    const isBad = run % 17 === 0 && (parentSpanId === null || at === 4);
    const isCall = parentSpanId !== null && at % 3 === 0;
    return {
      traceId, spanId: randomBytes(8).toString('hex'), parentSpanId, kind: 'internal', service: 'shop', scope: 'tta-primitives',
      name: parentSpanId === null ? WORKFLOWS[run % 5] : isCall ? 'chat gpt-4o-mini' : WORDS[(run + at) % 10] + ' ' + WORDS[(run * 3 + at) % 10],
      startUs: 1.7e15 + run * 1e6 + at * 1000, startRestNs: 5, durationNs: 1e6 * (1 + ((run * 7919 + at * 31) % 5000)),
      status: isBad ? 'error' : 'unset', statusMessage: isBad ? 'connection refused by upstream ' + (run % 100) : '',
      attributes: {
        'tta.primitive.type': 'RetryPrimitive', 'tta.primitive.name': WORDS[at % 10], 'tta.outcome': isBad ? 'failure' : 'success',
        'server.address': 'api.example.com', 'http.request.method': 'POST', a1: 'value ' + run * at, a2: run, a3: true, a4: at * 1.5,
        a5: 'some longer text that stands in every span of this kind ' + at, a6: 'x'.repeat(200), a7: randomBytes(30).toString('hex'),
        ...(parentSpanId === null
          ? { 'gen_ai.workflow.name': WORKFLOWS[run % 5], 'session.id': 's-' + (run % 1000), 'tta.correlation.id': 'order-' + run }
          : {}),
        ...(isCall
          ? { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.usage.input_tokens': 100 + (run % 900),
              'gen_ai.usage.output_tokens': at + (run % 300), 'tta.llm.cost_usd': 0.0001 * (run % 500) }
          : {}),
      },
      events: [], links: [], resource, cut: 0,
    };
  }
  function run(spans) {
    const [number, traceId] = [runs++, randomBytes(16).toString('hex')];
    const root = span(traceId, null, number, 0);
    return [...Array.from({ length: spans - 1 }, (_, at) => span(traceId, root.spanId, number, at + 1)), root];
  }
  const quantile = (all, share) => [...all].sort((one, other) => one - other)[Math.min(all.length - 1, Math.floor(all.length * share))].toFixed(1);
`;

export interface Endurance {
  readonly driver: string;
  readonly sent: number;
  readonly kept: number;
  readonly seconds: number;
  readonly maxRssMb: number;
  readonly fileMb: number;
  readonly notes: readonly string[];
  readonly figures: string;
}

/** Sends spans at a rate, with a list and a search in between. A machine that is busy makes it late: then it catches up. */
export const endurance = (
  folder: string,
  { maxBytes, seconds, rate }: { maxBytes: number; seconds: number; rate: number },
) => `
  ${COMMON(folder, maxBytes)}
  const [batches, lists, searches] = [[], [], []];
  let [sent, maxRss, fileMb, tidied] = [0, 0, 0, 0];
  const timed = (into, work) => { const from = performance.now(); work(); into.push(performance.now() - from); };
  const start = performance.now();
  const cpu = process.cpuUsage();
  while (sent < ${rate * seconds}) {
    const elapsed = (performance.now() - start) / 1000;
    if (Math.min(elapsed, ${seconds}) * ${rate} - sent < 500 && elapsed < ${seconds}) {
      await new Promise((done) => setTimeout(done, 20));
      continue;
    }
    const spans = Array.from({ length: 50 }, () => run(10)).flat();
    timed(batches, () => store.add(spans, Date.now()));
    sent += spans.length;
    timed(lists, () => store.runs({ limit: 100 }));
    if (sent % 5000 === 0) timed(searches, () => store.runs({ limit: 100, text: 'order-' + (runs >> 1) }));
    if (elapsed - tidied > 5) {
      tidied = elapsed;
      store.tidy(Date.now());
      maxRss = Math.max(maxRss, process.memoryUsage().rss / 1e6);
      fileMb = Math.max(fileMb, store.state().bytes / 1e6);
    }
  }
  const used = process.cpuUsage(cpu);
  const took = (performance.now() - start) / 1000;
  let kept = 0;
  for (let after = ''; after !== null; ) {
    const page = store.runs({ limit: 500, after });
    for (const row of page.runs) kept += row.spans - row.droppedSpans;
    after = page.next;
  }
  const figures = [
    'cpu ' + (((used.user + used.system) / 1e4) / took).toFixed(0) + ' % of a core',
    'batch of 500 p50/p95/max ' + [0.5, 0.95, 1].map((share) => quantile(batches, share)).join('/') + ' ms',
    'list p50/max ' + [0.5, 1].map((share) => quantile(lists, share)).join('/') + ' ms',
    'search p50/max ' + [0.5, 1].map((share) => quantile(searches, share)).join('/') + ' ms',
  ].join(', ');
  const { notes } = store.state();
  store.close();
  console.log('result ' + JSON.stringify({ driver: database?.driver, sent, kept, seconds: took, maxRssMb: maxRss, fileMb, notes, figures }));
`;

/** Fills a store with runs of three spans, and measures every kind of list: the time, and that of the processor. */
export const lists = (folder: string, count: number) => `
  ${COMMON(folder, 2e9)}
  for (let at = 0; at < ${count}; at += 100) store.add(Array.from({ length: 100 }, () => run(3)).flat(), Date.now());
  const some = store.runs({ limit: 3, after: '${count / 2}.${count / 2}' }).runs[1];
  const spanId = store.spans(some.traceId, 0, 1).spans[0].spanId;
  const QUERIES = {
    newest: {}, 'a page far down': { after: '30000.30000' }, failed: { status: ['failure'] }, 'unfinished (none)': { status: ['unfinished'] },
    workflow: { workflow: 'digest' }, 'failed, of a workflow, dear': { status: ['failure'], workflow: 'digest', minDollars: 0.04 },
    session: { session: 's-77' }, 'correlation id': { correlation: 'order-4711' }, 'no such model': { model: 'none' },
    'by duration': { sort: 'duration' }, 'by dollars': { sort: 'dollars' }, 'by tokens': { sort: 'tokens' }, 'by errors': { sort: 'errors' },
    'by dollars, far down': { sort: 'dollars', after: '20000000.500' }, 'a common word': { text: 'gateway' }, 'two words': { text: 'connection refused' },
    'part of an id': { text: 'rder-47' }, 'no such word': { text: 'nothing here' }, 'one rare letter': { text: 'q' }, 'two rare letters': { text: 'zz' },
    'id of a trace': { text: some.traceId }, 'id of a span': { text: spanId }, 'a common word by dollars': { text: 'gateway', sort: 'dollars' },
    'one letter by errors': { text: 'e', sort: 'errors' }, 'a word, failed, of a workflow': { text: 'refused', status: ['failure'], workflow: 'answer' },
  };
  const WORK = {
    ...Object.fromEntries(Object.entries(QUERIES).map(([name, query]) => [name, () => store.runs({ limit: 100, ...query }).runs.length])),
    'values of filters': () => { store.add(run(1), Date.now()); return store.facets().workflows.length; },
    'the run that worked': () => (store.reference(some.traceId) === undefined ? 0 : 1),
    state: () => store.state().runs,
  };
  const rows = Object.entries(WORK).map(([name, work]) => {
    const [wall, cpu] = [[], []];
    let found = 0;
    for (let at = 0; at < 9; at++) {
      const [from, used] = [performance.now(), process.cpuUsage()];
      found = work();
      wall.push(performance.now() - from);
      const { user, system } = process.cpuUsage(used);
      cpu.push((user + system) / 1000);
    }
    return { name, found, 'ms p50': quantile(wall, 0.5), 'ms max': quantile(wall, 1), 'cpu ms p50': quantile(cpu, 0.5), 'cpu ms max': quantile(cpu, 1) };
  });
  store.close();
  console.log('result ' + JSON.stringify(rows));
`;
