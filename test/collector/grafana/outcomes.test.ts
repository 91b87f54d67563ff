import { afterAll, beforeAll, describe, it } from 'vitest';
import { sequential, task, workflow } from '../../../src/index.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { register } from '../../../src/sdk/index.ts';
import { component } from '../../support/component.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import { type Dashboard, dashboards, type Target } from './dashboards.ts';
import { runTarget, type TimeWindow } from './grafana.ts';

const prometheus = component('prometheus');
const WINDOW: TimeWindow = { range: 60, step: 1, rateInterval: '10s', selected: { workflow: 'ask' } };

const targetOf = (uid: string, title: string, refId = 'A') => {
  const { panels } = dashboards.find((each) => each.uid === uid) as Dashboard;
  return panels.find((panel) => panel.title === title)?.targets?.find((each) => each.refId === refId) as Target;
};

describe.skipIf(prometheus === undefined)('executions that their caller cancelled', () => {
  let server: Prometheus;
  let telemetry: Awaited<ReturnType<typeof register>>;
  let stopped = false;
  let running: Promise<void>;

  beforeAll(async () => {
    telemetry = await register({ prometheus: { port: 0 }, traces: false });
    server = await startPrometheus(prometheus as string, new URL(telemetry.metricsUrl as string).host);
    const ask = workflow(
      'ask',
      sequential(task('wait', (_: undefined, context) => systemClock.sleep(20, context.signal))),
    );
    running = (async () => {
      while (!stopped) {
        await ask.execute(undefined);
        await ask.execute(undefined, { signal: AbortSignal.timeout(5) }).catch(() => undefined);
      }
    })();
  });
  afterAll(async () => {
    stopped = true;
    await running;
    await server?.stop();
    await telemetry?.shutdown();
  });

  async function last(target: Target) {
    const lines = await runTarget(server.url, target, WINDOW);
    return lines.find(({ labels }) => (labels.workflow_name ?? 'ask') === 'ask')?.points.at(-1)?.[1];
  }

  it('are executions, with an outcome of their own', async () => {
    const outcomes = targetOf('tta-workflows', 'Workflow executions by outcome');
    await eventually('as many as others', async () => {
      const lines = await runTarget(server.url, outcomes, WINDOW);
      const rates = new Map(lines.map(({ labels, points }) => [labels.outcome, points.at(-1)?.[1]]));
      return Number(rates.get('cancelled')) > 1 && Number(rates.get('success')) > 1 ? true : undefined;
    });
  });

  it.each([
    ['tta-system-overview', 'Failed requests', 'A', 0],
    ['tta-system-overview', 'Failed requests by workflow', 'A', 0],
    ['tta-workflows', 'Failed', 'A', 0],
    ['tta-workflows', 'Failures', 'A', 0],
    ['tta-workflows', 'Success rate', 'A', 1],
    ['tta-workflows', 'Each workflow', 'B', 0],
  ])('are no failures in %s: %s %s', async (uid, title, refId, expected) => {
    await eventually(`${title} is ${expected}`, async () =>
      (await last(targetOf(uid, title, refId))) === expected ? true : undefined,
    );
  });
});
