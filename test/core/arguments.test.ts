/** What a message says about an argument that is not what it should be: the mistake, and how to correct it. */
import { describe, expect, it } from 'vitest';
import {
  conditional,
  extract,
  fallback,
  inject,
  llm,
  openAICompatible,
  type Primitive,
  parallel,
  race,
  retry,
  router,
  saga,
  sequential,
  stream,
  switchOn,
  task,
  workflow,
} from '../../src/index.ts';
import { register } from '../../src/sdk/index.ts';
import {
  createVirtualClock,
  scriptedModel,
  scriptedTask,
  spanTree,
  startTestTelemetry,
} from '../../src/testing/index.ts';

const p = task('p', (input: number) => input);
const q = task('q', (input: number) => input);
const fn = () => 1;
const { signal } = new AbortController();
// The compiler refuses all of these. Programs in JavaScript have no compiler.
type Loose = (...args: unknown[]) => unknown;
const loose = (factory: unknown) => factory as Loose;

describe('an argument that is wrong', () => {
  it.each<[string, () => unknown, string]>([
    ['parallel(p, q)', () => loose(parallel)(p, q), 'got the primitive p; give a list: parallel([a, b])'],
    ['race(p, q)', () => loose(race)(p, q), 'got the primitive p; give a list: race([a, b])'],
    ['race([p, , q])', () => loose(race)(holed(p, q)), 'race: branch 2 must be a primitive, got undefined'],
    ['parallel([p, , q])', () => loose(parallel)(holed(p, q)), 'parallel: branch 1 must be a primitive, got undefined'],
    [
      'parallel(map)',
      () => loose(parallel)(new Map([['a', p]])),
      'parallel: branches must be a list [a, b] or an object',
    ],
    [
      'fallback(p, q, q)',
      () => loose(fallback)(p, q, q),
      'got the primitive q; give a list: fallback(first, [second, third])',
    ],
    ['fallback(p, [q, , p])', () => loose(fallback)(p, holed(q, p)), 'fallback: substitute 2 must be a primitive'],
    ['fallback(p, [null])', () => loose(fallback)(p, [null]), 'fallback: substitute 1 must be a primitive, got null'],
    [
      'sequential([p, q])',
      () => loose(sequential)([p, q]),
      'must be arguments, got an array of 2; write sequential(a, b)',
    ],
    ['sequential(p, fn)', () => loose(sequential)(p, fn), "got function fn; wrap the function: task('name', fn)"],
    ['saga(p, q)', () => loose(saga)(p, q), 'got the primitive p; give a list: saga([{ name, do }, …])'],
    ['saga([p])', () => loose(saga)([p]), 'saga: step p: must be an object such as { do: … }, got the primitive p'],
    ['router(fn, [p])', () => loose(router)(fn, [p]), 'router: routes must be an object of primitives such as { small'],
    [
      'switchOn(fn, map)',
      () => loose(switchOn)(fn, new Map([['a', p]])),
      'switchOn: cases must be an object of primitives',
    ],
    [
      'conditional(fn, p, options)',
      () => loose(conditional)(fn, p, { name: 'x' }),
      'got an object with name; options come last: conditional(test, then, undefined, { name })',
    ],
    [
      'switchOn(fn, cases, options)',
      () => loose(switchOn)(fn, { a: p }, { name: 'x' }),
      'got an object with name; options come last: switchOn(select, cases, undefined, { name })',
    ],
    ['conditional(true, p)', () => loose(conditional)(true, p), 'conditional: test must be a function, got true'],
    [
      'retry(promise)',
      () => loose(retry)(p.execute(1)),
      'retry: primitive must be a primitive, got a Promise; await it',
    ],
    [
      'retry(p, q)',
      () => loose(retry)(p, q),
      'RetryOptions: must be an object such as { maxRetries: … }, got the primitive q',
    ],
    [
      'task(name, promise)',
      () => loose(task)('x', Promise.resolve()),
      'task: fn must be a function, got a Promise; await it',
    ],
    [
      "workflow('x', p, q)",
      () => loose(workflow)('x', p, q),
      "workflow: the last argument has no effect, got the primitive q; a workflow has one primitive and no options: workflow('name', sequential(a, b))",
    ],
    [
      "workflow('x', p, options)",
      () => loose(workflow)('x', p, { timeoutMs: 5 }),
      'workflow: the last argument has no effect, got an object with timeoutMs',
    ],
    [
      "task('x', fn, options)",
      () => loose(task)('x', fn, { retries: 3 }),
      'task: the last argument has no effect, got an object with retries; a task has no options; wrap it, as in retry(',
    ],
    [
      "stream('x', fn, options)",
      () => loose(stream)('x', fn, { idleMs: 3 }),
      'stream: the last argument has no effect, got an object with idleMs',
    ],
    [
      'p.pipe(p, q)',
      () => loose(p.pipe.bind(p))(p, q),
      'pipe: the last argument has no effect, got the primitive q; pipe takes one primitive: a.pipe(b).pipe(c)',
    ],
    ['retry(p, { retries })', () => loose(retry)(p, { retries: 3 }), 'no option "retries"; did you mean maxRetries?'],
    ['workflow(p)', () => loose(workflow)(p), 'workflow: name must be a text that is not empty, got the primitive p'],
    [
      'p.pipe(fn)',
      () => loose(p.pipe.bind(p))(fn),
      'pipe: next must be a primitive, got function fn; wrap the function',
    ],
    ['llm(promise)', () => loose(llm)(Promise.resolve({})), 'llm: model must be a Model, for example openAICompatible'],
    ['llm(name)', () => loose(llm)('gpt-4'), 'got "gpt-4"'],
    [
      'openAICompatible({ apiKey: promise })',
      () => loose(openAICompatible)({ model: 'm', apiKey: Promise.resolve('x') }),
      'OpenAICompatibleOptions: apiKey must be a text, got a Promise; await it',
    ],
    ['inject(context, list)', () => loose(inject)(extract({}), []), 'inject: carrier must be headers or an object'],
    [
      'extract(promise)',
      () => loose(extract)(Promise.resolve({})),
      'extract: carrier must be headers or an object, got a Promise',
    ],
    ['createVirtualClock(date)', () => loose(createVirtualClock)(new Date()), 'start must be a number from'],
    [
      'scriptedTask(name, step)',
      () => loose(scriptedTask)('x', { result: 1 }),
      'scriptedTask: script must be a list of steps',
    ],
    [
      'scriptedModel([text])',
      () => loose(scriptedModel)(['yes']),
      "scriptedModel: step 1 must be a step such as { text: 'yes' }",
    ],
    [
      'scriptedTask(name, [{ value }])',
      () => loose(scriptedTask)('x', [{ value: 1 }]),
      'scriptedTask: step 1: there is no option "value"; known are result, error, delayMs',
    ],
    [
      'scriptedTask(name, [{}])',
      () => loose(scriptedTask)('x', [{ result: 1 }, {}]),
      'scriptedTask: step 2 must be a step such as { result: 1 } or { error }, got an object with no keys',
    ],
    [
      'scriptedTask(name, [{ delayMs }])',
      () => loose(scriptedTask)('x', [{ result: 1, delayMs: 'x' }]),
      'scriptedTask: step 1: delayMs must be a finite number, 0 or more, got "x"',
    ],
    [
      'scriptedModel([{ content }])',
      () => loose(scriptedModel)([{ content: 'yes' }]),
      'scriptedModel: step 1: there is no option "content"; known are text',
    ],
    ['spanTree([5])', () => loose(spanTree)([5]), 'spanTree: spans must be a list of spans, got 5'],
    ['scriptedModel([])', () => scriptedModel([]), 'scriptedModel: needs at least one step, got none'],
    ['scriptedModel([{}], 5)', () => loose(scriptedModel)([{}], 5), 'ScriptedModelOptions: must be an object'],
    [
      'spanTree(telemetry)',
      () => loose(spanTree)({}),
      'spanTree: spans must be a list of spans, got an object with no keys',
    ],
    [
      'startTestTelemetry(5)',
      () => loose(startTestTelemetry)(5),
      'TestTelemetryOptions: must be an object such as { sampler',
    ],
    [
      'startTestTelemetry({ sampler })',
      () => loose(startTestTelemetry)({ sampler: 0.5 }),
      'TestTelemetryOptions: sampler.shouldSample must be a function, got undefined',
    ],
  ])('%s is refused with the mistake', (_, call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });

  it.each<[string, unknown, string]>([
    [
      'a signal',
      signal,
      'ExecuteOptions: must be an object such as { signal: … }, got an AbortSignal; write { signal }',
    ],
    ['a list', [], 'ExecuteOptions: must be an object such as { signal: … }, got an array of 0'],
    ['a Map', new Map(), 'got a Map'],
    ['a Promise', Promise.resolve({}), 'got a Promise; await it'],
    ['an index', 0, 'got 0; write (item) => primitive.execute(item)'],
    [
      'a context that is a number',
      { context: 5 },
      'ExecuteOptions: context: must be an object such as { workflowId: … }, got 5',
    ],
    ['a context that is a list', { context: [] }, 'got an array of 0'],
    ['a context that is a signal', { context: signal }, 'got an AbortSignal'],
    ['headers as the context', { context: new Headers() }, 'got a Headers'],
    [
      'tags that are a list',
      { context: { tags: ['a'] } },
      'ExecuteOptions: context.tags must be an object such as { team: … }',
    ],
    [
      'a tag that is an object',
      { context: { tags: { a: {} } } },
      'ExecuteOptions: context.tags.a must be a text, a number',
    ],
    ['a tag that is null', { context: { tags: { a: null } } }, 'got null'],
  ])('execute rejects %s', async (_, options, message) => {
    const error: Error = await p.execute(1, options as never).then(
      () => new Error('nothing'),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  });

  it('execute rejects the context of a task in the place of the options', async () => {
    const inside = task('inside', (_: void, context) => p.execute(1, context as never));
    await expect(inside.execute()).rejects.toThrow('; write { context }');
  });

  it('execute says so where it was taken off its primitive', async () => {
    const { execute } = p as Primitive<number, number>;
    const message = 'execute: was called without its primitive; write (item) => primitive.execute(item)';
    await expect(execute(1)).rejects.toThrow(message);
    await expect(Promise.all([1, 2].map(p.execute as never))).rejects.toThrow(message);
    await expect(Promise.all([1, 2].map((item) => p.execute(item)))).resolves.toEqual([1, 2]);
  });

  it.each<[string, unknown, string]>([
    [
      'a header that cannot be sent',
      { traces: { headers: { authorization: 'Bearer abc\n' } } },
      'RegisterOptions: traces.headers["authorization"] has a name or a value that HTTP cannot send',
    ],
    [
      'a header without a name that can be sent',
      { traces: { headers: { 'my header': 'x' } } },
      'traces.headers["my header"] has a name or a value',
    ],
    ['a number', 5, 'RegisterOptions: must be an object such as { serviceName: … }, got 5'],
    ['a list', [], 'got an array of 0'],
    [
      'a port that is a text',
      { prometheus: { port: '9464' } },
      'prometheus.port must be a whole number from 0 to 65535',
    ],
    [
      'a port in the place of an object',
      { prometheus: 9464 },
      'RegisterOptions: prometheus: must be an object such as',
    ],
    ['an endpoint without http://', { traces: { endpoint: 'localhost:4318' } }, 'got a text of 14 characters'],
    [
      'Headers',
      { traces: { headers: new Headers() } },
      'traces.headers must be an object such as { key: value }, got a Headers',
    ],
    [
      'attributes that are a list',
      { resourceAttributes: [] },
      'resourceAttributes must be an object such as { key: value }',
    ],
    [
      'an attribute that is an object',
      { resourceAttributes: { a: {} } },
      'resourceAttributes["a"] must be a text, a number',
    ],
  ])('register rejects %s', async (_, options, message) => {
    await expect(register(options as never)).rejects.toThrow(message);
  });

  it('the virtual clock goes forward only', async () => {
    const clock = createVirtualClock();
    expect(() => createVirtualClock(Number.NaN)).toThrow(RangeError);
    await expect(clock.advance(-1)).rejects.toThrow('advance: ms must be a finite number, 0 or more, got -1');
    await expect(clock.advance('5' as never)).rejects.toThrow('got "5"');
  });

  it('options of another realm are options', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(() => retry(p, runInNewContext('({ maxRetries: 1 })'))).not.toThrow();
    expect(() => retry(p, Object.assign(Object.create(null), { maxRetries: 1 }))).not.toThrow();
  });
});

function holed(first: unknown, last: unknown): unknown[] {
  const list: unknown[] = [first];
  list[2] = last;
  return list;
}
