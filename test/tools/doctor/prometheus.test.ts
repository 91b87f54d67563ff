import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { endChildren } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { eventually, freePort, type PrometheusOptions, startPrometheus } from '../../support/prometheus.ts';
import { build } from '../../support/tta.ts';
import { examine, says, serve, startApp } from './stage.ts';

beforeAll(build);
afterAll(endChildren);

const program = component('prometheus');

describe('where there is no Prometheus', () => {
  it('fails if it was named, and warns if it was only looked for', async () => {
    const app = await says('');
    const url = `http://127.0.0.1:${await freePort()}`;
    const named = await examine(app, { prometheus: { url, assumed: false } });
    expect(named.prometheus).toMatchObject({ verdict: 'failure', remedy: REMEDY.noPrometheus });
    expect(named.rules).toMatchObject({ verdict: 'skipped', detail: 'Prometheus does not answer' });
    const looked = await examine(app, { prometheus: { url, assumed: true } });
    expect(looked.prometheus).toMatchObject({ verdict: 'warning', remedy: REMEDY.noPrometheus });
  });

  it('fails if something else answers', async () => {
    const app = await says('');
    const url = await says('<html>');
    const { prometheus } = await examine(app, { prometheus: { url, assumed: true } });
    expect(prometheus).toMatchObject({ verdict: 'failure', detail: `${url}: answers 200, and not as Prometheus does` });
  });
});

describe.skipIf(program === undefined)('a real Prometheus', () => {
  /** Only the program and Prometheus itself; what the shipped configuration scrapes besides does not run here. */
  const alone = (text: string) =>
    text.replaceAll(/ {2}- job_name: (?!tta-primitives|prometheus\b)[\s\S]*?(?=\n {2}- job_name|$)/g, '');

  async function start(options: PrometheusOptions & { scrape?: (app: string) => Promise<string> } = {}) {
    const app = await startApp();
    const { host } = new URL((await options.scrape?.(app.url)) ?? app.url);
    const edit = options.editConfiguration ?? ((text: string) => text);
    const prometheus = await startPrometheus(program as string, host, {
      ...options,
      editConfiguration: (text) => edit(alone(text)),
    });
    onTestFinished(() => prometheus.stop());
    await eventually('both targets were scraped', async () => {
      const targets = await prometheus.targets();
      return targets.length === 2 && targets.every(({ health }) => health !== 'unknown') ? true : undefined;
    });
    const look = () => examine(app.url, { prometheus: { url: prometheus.url, assumed: false }, timeoutMs: 5_000 });
    return { app, prometheus, look };
  }

  it('is well where it scrapes the program and its rules evaluate; fails once the program is gone', async () => {
    const { app, look, prometheus } = await start();
    await eventually('the rules had their turn', async () =>
      (await look()).rules?.detail.endsWith('rules evaluate') ? true : undefined,
    );
    const found = await look();
    for (const check of ['prometheus', 'target', 'labels', 'targets', 'rules', 'clock'])
      expect(found[check]?.verdict, JSON.stringify(found[check])).toBe('ok');
    expect(found.target?.detail).toBe(`It scrapes ${app.url}`);
    expect(found.targets?.detail).toBe('None of 2 targets is down');
    expect(found.clock?.detail).toBe('Our clock agrees with that of the endpoint and of Prometheus');

    app.child.kill('SIGKILL');
    await eventually('the target is down', async () =>
      (await prometheus.targets()).some(({ health }) => health === 'down') ? true : undefined,
    );
    const { target } = await look();
    expect(target).toMatchObject({ verdict: 'failure', remedy: REMEDY.targetDown });
    expect(target?.detail).toContain(`It scrapes ${app.url}, in vain: `);
  });

  it('fails where the program is no target of it, a target is down, or a rule does not evaluate', async () => {
    const broken =
      'groups:\n  - name: broken\n    rules:\n      - record: broken:up\n        expr: up * on (nothing) up\n';
    const nobody = async () => `http://127.0.0.1:${await freePort()}`;
    const { look } = await start({ scrape: nobody, editRules: () => broken });
    const { target, targets, labels } = await look();
    expect(target).toMatchObject({ verdict: 'failure', remedy: REMEDY.notScraped });
    expect(target?.detail).toMatch(/^None of its 2 targets is http/);
    expect(targets).toMatchObject({ verdict: 'failure', remedy: REMEDY.targetDown });
    expect(targets?.detail).toMatch(/^1 of 2 targets are down: .*connection refused/);
    expect(labels).toMatchObject({ verdict: 'skipped', detail: 'Prometheus has no series of ours' });
    const rules = await eventually('the rule has failed', async () => {
      const found = (await look()).rules;
      return found?.verdict === 'failure' ? found : undefined;
    });
    expect(rules).toMatchObject({ verdict: 'failure', remedy: REMEDY.ruleFails });
    expect(rules.detail).toMatch(/rules fail: broken:up: .*many-to-many/);
  });

  it('knows the program at another address by when it was started; fails where labels are not honoured, warns without rules', async () => {
    const proxy = (app: string) =>
      serve((_, response) => void fetch(app).then(async (answer) => response.end(await answer.text())));
    const editConfiguration = (text: string) =>
      text.replace('honor_labels: true', 'honor_labels: false').replace(/rule_files:\n.*\n/, '');
    const { look } = await start({ scrape: proxy, editConfiguration });
    const { target, labels, rules } = await look();
    expect(target).toMatchObject({ verdict: 'ok' });
    expect(labels).toMatchObject({ verdict: 'failure', remedy: REMEDY.exportedJob });
    expect(labels?.detail).toBe('Series of the job tta-primitives have their own job as exported_job');
    expect(rules).toMatchObject({ verdict: 'warning', remedy: REMEDY.noRules });
  });
});
