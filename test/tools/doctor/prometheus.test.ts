import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { endChildren } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { eventually, type PrometheusOptions, startPrometheus } from '../../support/prometheus.ts';
import { build } from '../../support/tta.ts';
import { runDoctor, serve, serveTexts, startApp, unusedUrl } from './fixtures.ts';

beforeAll(build);
afterAll(endChildren);

const program = component('prometheus');

describe('an address without Prometheus', () => {
  it('is a failure if the user named it, and a warning if it is the default', async () => {
    const app = await serveTexts('');
    const url = await unusedUrl();
    const named = await runDoctor(app, { prometheus: { url, isDefault: false } });
    expect(named.prometheus).toMatchObject({ verdict: 'failure', remedy: REMEDY.noPrometheus });
    expect(named.rules).toMatchObject({ verdict: 'skipped', detail: 'Prometheus does not answer' });
    const byDefault = await runDoctor(app, { prometheus: { url, isDefault: true } });
    expect(byDefault.prometheus).toMatchObject({ verdict: 'warning', remedy: REMEDY.noPrometheus });
  });

  it('is a failure if another program answers', async () => {
    const app = await serveTexts('');
    const url = await serveTexts('<html>');
    const { prometheus } = await runDoctor(app, { prometheus: { url, isDefault: true } });
    expect(prometheus).toMatchObject({ verdict: 'failure', detail: `${url}: answers 200, but not as Prometheus does` });
  });
});

describe.skipIf(program === undefined)('a real Prometheus', () => {
  /** Keeps the jobs of the program and of Prometheus itself. The other programs of the configuration do not run here. */
  const keepTwoJobs = (text: string) =>
    text.replaceAll(/ {2}- job_name: (?!tta-primitives|prometheus\b)[\s\S]*?(?=\n {2}- job_name|$)/g, '');

  async function start(options: PrometheusOptions & { scrape?: (app: string) => Promise<string> } = {}) {
    const app = await startApp();
    const { host } = new URL((await options.scrape?.(app.url)) ?? app.url);
    const edit = options.editConfiguration ?? ((text: string) => text);
    const prometheus = await startPrometheus(program as string, host, {
      ...options,
      editConfiguration: (text) => edit(keepTwoJobs(text)),
    });
    onTestFinished(() => prometheus.stop());
    await eventually('both targets were scraped', async () => {
      const targets = await prometheus.targets();
      return targets.length === 2 && targets.every(({ health }) => health !== 'unknown') ? true : undefined;
    });
    const check = () => runDoctor(app.url, { prometheus: { url: prometheus.url, isDefault: false }, timeoutMs: 5_000 });
    return { app, prometheus, check };
  }

  it('is ok when it scrapes the program and its rules evaluate; fails after the program has ended', async () => {
    const { app, check, prometheus } = await start();
    await eventually('all rules were evaluated', async () =>
      (await check()).rules?.detail.endsWith('rules evaluate') ? true : undefined,
    );
    const found = await check();
    for (const check of ['prometheus', 'target', 'labels', 'targets', 'rules', 'clock'])
      expect(found[check]?.verdict, JSON.stringify(found[check])).toBe('ok');
    expect(found.target?.detail).toBe(`Prometheus scrapes ${app.url}`);
    expect(found.targets?.detail).toBe('0 of 2 targets are down');
    expect(found.clock?.detail).toBe('Our clock agrees with that of the endpoint and of Prometheus');

    app.child.kill('SIGKILL');
    await eventually('the target is down', async () =>
      (await prometheus.targets()).some(({ health }) => health === 'down') ? true : undefined,
    );
    const { target } = await check();
    expect(target).toMatchObject({ verdict: 'failure', remedy: REMEDY.targetDown });
    expect(target?.detail).toContain(`Prometheus cannot scrape ${app.url}: `);
  });

  it('fails when the program is not a target, a target is down, or a rule does not evaluate', async () => {
    const broken =
      'groups:\n  - name: broken\n    rules:\n      - record: broken:up\n        expr: up * on (nothing) up\n';
    const { check } = await start({ scrape: unusedUrl, editRules: () => broken });
    const { target, targets, labels } = await check();
    expect(target).toMatchObject({ verdict: 'failure', remedy: REMEDY.notScraped });
    expect(target?.detail).toMatch(/^http\S+ is not one of its 2 targets$/);
    expect(targets).toMatchObject({ verdict: 'failure', remedy: REMEDY.targetDown });
    expect(targets?.detail).toMatch(/^1 of 2 targets are down: .*connection refused/);
    expect(labels).toMatchObject({ verdict: 'skipped', detail: 'Prometheus has no series of this package' });
    const rules = await eventually('the rule has failed', async () => {
      const found = (await check()).rules;
      return found?.verdict === 'failure' ? found : undefined;
    });
    expect(rules).toMatchObject({ verdict: 'failure', remedy: REMEDY.ruleFails });
    expect(rules.detail).toMatch(/rules fail: broken:up: .*many-to-many/);
  });

  it('knows the program at another address by its start time; fails without honor_labels, warns without rules', async () => {
    const proxy = (app: string) =>
      serve((_, response) => void fetch(app).then(async (answer) => response.end(await answer.text())));
    const editConfiguration = (text: string) =>
      text.replace('honor_labels: true', 'honor_labels: false').replace(/rule_files:\n.*\n/, '');
    const { check } = await start({ scrape: proxy, editConfiguration });
    const { target, labels, rules } = await check();
    expect(target).toMatchObject({ verdict: 'ok' });
    expect(labels).toMatchObject({ verdict: 'failure', remedy: REMEDY.exportedJob });
    expect(labels?.detail).toBe('In series of the job tta-primitives, the job of the endpoint is called exported_job');
    expect(rules).toMatchObject({ verdict: 'warning', remedy: REMEDY.noRules });
  });

  it('fails when the rules look for another scrape job than that of the program', async () => {
    const { check } = await start({
      editConfiguration: (text) => text.replace('job_name: tta-primitives', 'job_name: shop'),
    });
    const rules = await eventually('the rules were evaluated', async () => {
      const found = (await check()).rules;
      return found?.verdict === 'failure' ? found : undefined;
    });
    expect(rules).toMatchObject({ remedy: REMEDY.otherJob, detail: 'The rules look for other scrape jobs than shop' });
  });
});
