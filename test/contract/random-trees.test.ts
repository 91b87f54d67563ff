/** Random trees of primitives under random faults and aborts: spans, counts, durations and gauges must agree. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  budget,
  bulkhead,
  cache,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  llm,
  loop,
  map,
  type Primitive,
  parallel,
  race,
  rateLimit,
  retry,
  router,
  saga,
  sequential,
  stream,
  switchOn,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { OUTCOMES } from '../../src/telemetry/semconv.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';
import { total } from '../support/scrape.ts';

type Any = Primitive<number, unknown>;

interface Node {
  readonly kind: string;
  readonly children: readonly Node[];
  /** Each kind makes its milliseconds, numbers and choices of it. */
  readonly seed: number;
}

const LEAVES = ['value', 'later', 'throw', 'reject', 'text', 'hang', 'stubborn', 'reads', 'leaves', 'unread', 'model'];
const INNER = [
  ...['sequential', 'parallel', 'settle', 'narrow', 'conditional', 'router', 'switch', 'retry', 'timeout', 'fallback'],
  ...['cache', 'race', 'hedge', 'breaker', 'bulkhead', 'rateLimit', 'loop', 'map', 'saga', 'workflow', 'budget'],
];

const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ kind: fc.constantFrom(...LEAVES), children: fc.constant([]), seed: fc.nat(50) }),
    fc.record({
      kind: fc.constantFrom(...INNER),
      children: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      seed: fc.nat(50),
    }),
  ),
}));

/** Builds the tree. Every node gets a name of its own; `parents` has the name of its parent. */
function build(root: Node): { primitive: Any; parents: Map<string, string | undefined> } {
  const parents = new Map<string, string | undefined>();
  let count = 0;

  const make = (node: Node, parent: string | undefined): Any => {
    const name = `node-${count++}`;
    parents.set(name, parent);
    if (['reads', 'leaves', 'unread'].includes(node.kind)) parents.set(`${name}-chunks`, name);
    if (node.children.length === 0) return leaf(name, node);
    const [first, ...rest] = node.children.map((child) => make(child, name)) as [Any, ...Any[]];
    const all = [first, ...rest];
    const { seed } = node;
    switch (node.kind) {
      case 'sequential':
        return workflow(
          name,
          rest.reduce<Any>((chain, next) => chain.pipe(next as Primitive<unknown, unknown>), sequential(first)),
        );
      case 'parallel':
        return parallel(all, { name }) as Any;
      case 'settle':
        return parallel(all, { name, mode: 'settle' }) as Any;
      case 'narrow':
        return parallel(all, { name, concurrency: 1 }) as Any;
      case 'conditional':
        return conditional(() => seed % 2 === 0, first, rest[0] ?? first, { name });
      case 'router':
        return router(() => (seed % 5 === 0 ? undefined : 'a'), { a: first }, { name }) as Any;
      case 'switch':
        return switchOn(() => (seed % 5 === 0 ? 'none' : 'a') as string, { a: first }, first, { name }) as Any;
      case 'retry':
        return retry(first, { name, maxRetries: seed % 3, initialDelayMs: seed });
      case 'timeout':
        return timeout(first, { name, timeoutMs: seed });
      case 'fallback':
        return fallback(first, rest.length === 0 ? [first] : rest, { name }) as Any;
      case 'cache':
        return cache(first, { name, key: String, ttlMs: seed });
      case 'race':
        return race(all, { name }) as Any;
      case 'hedge':
        return hedge(first, { name, delayMs: seed });
      case 'breaker':
        return circuitBreaker(first, { name, consecutiveFailures: 1 + (seed % 2), openMs: 10 });
      case 'budget':
        // A half of them allows nothing, not even a call of unknown price.
        return budget(first, { name, limitUsd: seed % 2, otherwise: rest[0] ?? first, warnAt: 1 });
      case 'bulkhead':
        return bulkhead(first, { name, concurrency: 1, maxQueue: seed % 2 });
      case 'rateLimit':
        return rateLimit(first, { name, permits: 1, perMs: 1 + seed });
      case 'loop':
        return loop(first as Primitive<number, number>, { name, until: (_, i) => i > seed % 3, maxIterations: 2 });
      case 'map': {
        const items = map(first, { name, concurrency: 2 });
        // `map` needs a list: a task that makes the list is between the `map` and its parent.
        parents.set(`${name}-list`, parent);
        parents.set(name, `${name}-list`);
        return task(`${name}-list`, (n: number) => items.execute([n, n + 1]));
      }
      case 'saga': {
        // No unread stream: an abort does not reach a compensation, so its stream would be open until it is collected.
        const undo = leaf(name, { kind: seed % 2 === 0 ? 'later' : 'reject', children: [], seed });
        return saga(
          all.map((child, i) => ({ name: `step-${i}`, do: child as never, compensate: undo as never })) as never,
          { name },
        ) as unknown as Any;
      }
      default:
        return workflow(name, first);
    }
  };
  return { primitive: make(root, undefined), parents };
}

function leaf(name: string, { kind, seed }: Node): Any {
  if (kind === 'model')
    return llm(scriptedModel([{ text: 'x' }, { error: new Error('busy') }]), { name }) as unknown as Any;
  const chunks = stream(`${name}-chunks`, async function* (n: number, context) {
    for (let i = 0; i < 3; i += 1) {
      await context.clock.sleep(seed % 3, context.signal);
      if (seed % 7 === 0) throw new Error('broke off');
      yield n + i;
    }
  });
  return task(name, async (n: number, context) => {
    switch (kind) {
      case 'value':
        return n;
      case 'later':
        await context.clock.sleep(seed, context.signal);
        return n;
      case 'throw':
        throw new Error('thrown');
      case 'reject':
        await context.clock.sleep(seed, context.signal);
        throw Object.freeze(new Error('rejected'));
      case 'text':
        throw 'a text';
      case 'reads':
      case 'leaves': {
        let last = n;
        for await (const chunk of await chunks.execute(n)) {
          last = chunk;
          if (kind === 'leaves') break;
        }
        return last;
      }
      case 'unread':
        await chunks.execute(n);
        return n;
      case 'hang':
        return context.clock.sleep(1e9, context.signal);
      default:
        return new Promise(() => {});
    }
  });
}

describe('random trees', () => {
  const unhandled: unknown[] = [];
  const remember = (reason: unknown) => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', remember));
  afterAll(() => void process.off('unhandledRejection', remember));

  it('have equal numbers of spans, counts and durations, and leave no timer, stream or running execution', async () => {
    const scenario = fc.record({
      root: tree,
      abortAt: fc.option(fc.nat(200), { nil: undefined }),
      executions: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(fc.asyncProperty(scenario, runScenario), { numRuns: 250, endOnFailure: true });
  });

  interface Scenario {
    readonly root: Node;
    /** Milliseconds after the start. */
    readonly abortAt: number | undefined;
    readonly executions: number;
  }

  async function runScenario({ root, abortAt, executions }: Scenario) {
    const telemetry = startTestTelemetry();
    try {
      const clock = createVirtualClock();
      const controller = new AbortController();
      const { primitive, parents } = build(root);
      const running = Array.from({ length: executions }, (_, i) =>
        primitive.execute(i, { signal: controller.signal, context: { clock } }),
      );
      const all = Promise.allSettled(running);
      await clock.advance(abortAt ?? 1_000);
      controller.abort(new Error('the scenario ends'));
      await clock.advance(10_000);
      expect(await Promise.race([all.then(() => 'all have settled'), settled().then(() => 'some hang')])).toBe(
        'all have settled',
      );
      await settled();
      expect(clock.pending).toBe(0);
      expect(unhandled).toEqual([]);

      // An abort does not reach a run that callers of a cache share: its unread streams are closed when collected.
      for (let i = 0; i < 20 && (await openStreams(telemetry)) > 0; i += 1) {
        globalThis.gc?.();
        await settled();
      }
      const { samples } = await telemetry.scrape();
      const sum = (name: string, label: string, value: string) =>
        samples.filter((s) => s.name === name && s.labels[label] === value).reduce((total, s) => total + s.value, 0);
      const spans = telemetry.spans();
      const counted = samples.filter(({ name }) => name === 'tta_primitive_executions_total');
      for (const type of new Set(counted.map(({ labels }) => String(labels.primitive_type)))) {
        const ended = spans.filter((span) => span.attributes['tta.primitive.type'] === type).length;
        expect([type, sum('tta_primitive_executions_total', 'primitive_type', type)]).toEqual([type, ended]);
        expect([type, sum('tta_primitive_outcomes_total', 'primitive_type', type)]).toEqual([type, ended]);
        expect([type, sum('tta_execution_duration_seconds_count', 'primitive_type', type)]).toEqual([type, ended]);
      }
      for (const { name, labels, value } of samples) {
        if (
          ['tta_primitive_active', 'tta_bulkhead_running', 'tta_bulkhead_queued', 'tta_rate_limit_queued'].includes(
            name,
          )
        ) {
          expect([name, labels, value]).toEqual([name, labels, 0]);
        }
        if (name === 'tta_primitive_outcomes_total') expect(OUTCOMES).toContain(labels.outcome);
      }
      expectTree(spans, parents);
    } finally {
      await telemetry.stop();
    }
  }

  async function openStreams(telemetry: TestTelemetry): Promise<number> {
    return total(await telemetry.scrape(), 'tta_primitive_active', { primitive_type: 'stream' });
  }

  /** The parent of every span is a span of the parent node. */
  function expectTree(spans: readonly ReadableSpan[], parents: ReadonlyMap<string, string | undefined>): void {
    const nameOf = new Map(
      spans.map((span) => [span.spanContext().spanId, String(span.attributes['tta.primitive.name'])]),
    );
    for (const span of spans) {
      const name = String(span.attributes['tta.primitive.name']);
      const parentId = span.parentSpanContext?.spanId;
      const parent = parentId === undefined ? undefined : nameOf.get(parentId);
      if (!parents.has(name)) continue;
      const expected = parents.get(name);
      // A compensation is a child of the saga, like the step that it undoes.
      expect([name, parent?.startsWith('node-') ? parent : expected]).toEqual([name, expected]);
    }
  }
});
