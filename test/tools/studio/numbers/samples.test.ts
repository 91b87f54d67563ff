import { describe, expect, it } from 'vitest';
import { createSamples } from '../../../../src/tools/studio/numbers/samples.ts';
import { program, START } from './exposition.ts';

const runs = (workflow: string) =>
  `tta_workflow_executions_total{job="a",workflow_name="${workflow}",status="success"}`;
const started = (second: number) => ({ process_start_time_seconds: START / 1_000 + second });

describe('what counters say', () => {
  it('is counted from 0 when the process starts in the time shown', () => {
    const { at, ask } = program();
    at(5, { ...started(1), [runs('a')]: 3 });
    expect(ask(0, 60).total('executions')).toBe(3);
  });

  it('is not known from before the first scrape, when the process does not tell its start', () => {
    const { at, ask } = program();
    at(5, { [runs('a')]: 300 });
    at(10, { [runs('a')]: 302 });
    expect(ask(0, 60).total('executions')).toBe(2);
  });

  it('counts what happened before Studio only where the whole time since the start is shown', () => {
    const { at, ask } = program();
    at(905, { ...started(0), [runs('a')]: 40 });
    at(910, { ...started(0), [runs('a')]: 41 });
    expect([ask(0, 960).total('executions'), ask(600, 960).total('executions')]).toEqual([41, 1]);
  });

  it('counts a series that is new in a process from 0', () => {
    const { at, ask } = program();
    at(5, { ...started(-3_600), [runs('a')]: 7 });
    at(10, { ...started(-3_600), [runs('a')]: 7, [runs('b')]: 2 });
    expect(ask(0, 60).total('executions')).toBe(2);
  });

  it('goes on after a restart, with or without the start of the process', () => {
    const told = program();
    told.at(5, { ...started(0), [runs('a')]: 7 });
    told.at(10, { ...started(7), [runs('a')]: 8 });
    expect(told.ask(0, 60).total('executions')).toBe(15);
    const untold = program();
    untold.at(5, { [runs('a')]: 7 });
    untold.at(10, { [runs('a')]: 3 });
    expect(untold.ask(0, 60).total('executions')).toBe(3);
  });

  it('adds up over programs, and over their jobs', () => {
    const samples = createSamples({ retentionDays: 7 });
    const one = program(samples, 'http://127.0.0.1:1/metrics');
    const other = program(samples, 'http://127.0.0.1:2/metrics');
    one.at(5, { ...started(1), [runs('a')]: 3, [runs('a').replace('"a"', '"b"')]: 10 });
    other.at(5, { ...started(2), [runs('a')]: 4 });
    expect(one.ask(0, 60).total('executions')).toBe(17);
  });

  it('goes on when the clock was set back', () => {
    const { at, ask } = program();
    at(100_005, { ...started(0), [runs('a')]: 7 });
    at(5, { ...started(0), [runs('a')]: 8 });
    at(10, { ...started(0), [runs('a')]: 10 });
    expect(ask(0, 60).total('executions')).toBe(3);
  });

  it('has dollars without a rounding that grows', () => {
    const { at, ask } = program();
    const cost = 'tta_llm_cost_total{model="m",provider="p"}';
    for (let tick = 0; tick <= 720; tick += 1) at(5 * tick, { ...started(0), [cost]: 0.0000123 * tick });
    expect(ask(0, 3_600).total('cost')).toBeCloseTo(0.0000123 * 720, 9);
  });
});

describe('a gap', () => {
  const interrupted = () => {
    const made = program();
    for (let second = 5; second <= 60; second += 5) made.at(second, { ...started(0), [runs('a')]: second });
    for (let second = 180; second <= 240; second += 5) made.at(second, { ...started(0), [runs('a')]: second });
    return made;
  };

  it('is a gap of the line, neither 0 nor a line through', () => {
    const [series] = interrupted().ask(0, 240).series('rate-by-workflow');
    const values = series?.values ?? [];
    // Steps of 5 s, each value of the 20 s before: the last four of a gap are half observed.
    expect(values.slice(0, 12).every((value) => value !== null && value > 0.9 && value < 1.1)).toBe(true);
    expect(values.slice(16, 35).every((value) => value === null)).toBe(true);
    expect(values.slice(40, 48).every((value) => value !== null && value > 0.9 && value < 1.1)).toBe(true);
  });

  it('counts in a time that has all of it, and in no other', () => {
    const { ask } = interrupted();
    expect(ask(0, 240).total('executions')).toBe(240);
    expect(ask(120, 240).total('executions')).toBe(60);
  });
});

describe('what did not happen', () => {
  it('is 0 where the series stands still, not known where nothing was read, and nothing where there is no series', () => {
    const { at, ask } = program();
    const lost = 'tta_spans_lost_total{reason="queue_full"}';
    at(5, { ...started(0), [lost]: 0 });
    at(10, { ...started(0), [lost]: 0 });
    expect(ask(0, 60).total('spans-lost')).toBe(0);
    expect(ask(0, 60).series('hits')).toEqual([]);
    expect(ask(900, 960).series('spans-lost')).toEqual([]);
  });

  it('is no share of failures where nothing ended', () => {
    const { at, ask } = program();
    const outcome = (name: string) => `tta_workflow_outcomes_total{workflow_name="a",outcome="${name}"}`;
    at(5, { ...started(0), [outcome('success')]: 0, [outcome('failure')]: 0 });
    expect(ask(0, 60).total('failed')).toBe(null);
    at(10, { ...started(0), [outcome('success')]: 3, [outcome('failure')]: 0, [outcome('cancelled')]: 5 });
    expect(ask(0, 60).total('failed')).toBe(0);
    at(15, { ...started(0), [outcome('success')]: 3, [outcome('failure')]: 1, [outcome('cancelled')]: 5 });
    expect(ask(0, 60).total('failed')).toBe(0.25);
  });
});

describe('gauges', () => {
  it('are the worst circuit and the least budget of all programs, and not known once their program is gone', () => {
    const samples = createSamples({ retentionDays: 7 });
    const one = program(samples, 'http://127.0.0.1:1/metrics');
    const other = program(samples, 'http://127.0.0.1:2/metrics');
    const circuit = 'tta_circuit_breaker_state{primitive_name="c"}';
    const budget = 'tta_budget_remaining_dollars{budget="b"}';
    one.at(5, { [circuit]: 0, [budget]: 3 });
    other.at(5, { [circuit]: 2, [budget]: 4 });
    expect([one.ask(0, 60).total('circuits'), one.ask(0, 60).total('budgets')]).toEqual([2, 3]);
    samples.lose('http://127.0.0.1:1/metrics');
    other.at(10, { [circuit]: 0, [budget]: 4 });
    expect([one.ask(0, 60).total('circuits'), one.ask(0, 60).total('budgets')]).toEqual([0, 4]);
  });

  it('show a circuit that was open between two points', () => {
    const { at, ask } = program();
    const circuit = 'tta_circuit_breaker_state{primitive_name="c"}';
    for (let second = 5; second <= 120; second += 5) at(second, { [circuit]: second === 30 ? 2 : 0 });
    const [series] = ask(0, 120, 2).series('circuits-over-time');
    expect(series).toMatchObject({ values: [2, 0], total: 0 });
  });
});

describe('the numbers of a time', () => {
  it('are the same from frames of each length', () => {
    const made = program();
    for (let second = 5; second <= 7_200; second += 5) made.at(second, { ...started(0), [runs('a')]: 2 * second });
    const answers = [500, 100, 8].map((points) => made.ask(0, 7_200, points));
    expect(answers.map(({ answer }) => answer.stepMs)).toEqual([15_000, 120_000, 900_000]);
    expect(answers.map(({ total }) => [total('executions'), total('rate')])).toEqual(answers.map(() => [14_400, 2]));
  });

  it('have at most ten lines in a panel, the largest, and say how many there are more', () => {
    const { at, ask } = program();
    const values = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [runs(`w${n}`), n]));
    at(5, { ...started(0), ...values });
    const panel = ask(0, 60).answer.panels.find(({ id }) => id === 'rate-by-workflow');
    expect(panel?.series.map(({ name }) => name)).toContain('w29');
    expect([panel?.series.length, panel?.leftOut, panel?.quiet]).toEqual([10, 19, 1]);
  });

  it('lead to the runs behind them', () => {
    const { at, ask } = program();
    const outcome = 'tta_workflow_outcomes_total{workflow_name="a b",outcome="failure"}';
    const tenant = (name: string) => `tta_tenant_llm_cost_total{tenant="${name}"}`;
    const call = 'tta_llm_requests_total{model="m&m",provider="p",status="success"}';
    at(5, { ...started(0), [outcome]: 1, [tenant('t')]: 1, [tenant('__none__')]: 1, [call]: 1 });
    const asked = ask(0, 60);
    const filters = (id: string) => asked.series(id).map(({ filter }) => filter);
    expect(filters('failed-by-workflow')).toEqual(['workflow=a+b&status=failure%2Ctimeout%2Crejected']);
    expect(filters('outcomes')).toEqual(['status=failure']);
    expect(filters('cost-of-tenants')).toEqual([null, 'tenant=t']);
    expect(filters('calls')).toEqual(['model=m%26m']);
  });
});
