import { describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { runCommand } from '../../support/deployment.ts';
import { UNIT_TESTS } from '../../support/rules.ts';

describe.each(['promtool', 'promtool-3'])('%s', (name) => {
  const promtool = component(name);

  it.skipIf(promtool === undefined)('accepts the rules', () => {
    const rules = ['prometheus/rules/recording.yml', 'prometheus/rules/alerts.yml'];
    const { status, output } = runCommand(promtool as string, [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      ...rules,
    ]);
    expect(output.match(/SUCCESS: \d+ rules found/g), output).toHaveLength(2);
    expect(status, output).toBe(0);
  });

  it.skipIf(promtool === undefined)('accepts the configuration and finds every file that it names', () => {
    const { status, output } = runCommand(promtool as string, ['check', 'config', 'prometheus/prometheus.yml']);
    expect(output).toContain('SUCCESS: 2 rule files found');
    expect(output).not.toMatch(/WARNING|FAILED/);
    expect(status, output).toBe(0);
  });

  it.skipIf(promtool === undefined).each(UNIT_TESTS)('passes %s', (file) => {
    const { status, output } = runCommand(promtool as string, ['test', 'rules', file]);
    expect(output).toContain('SUCCESS');
    expect(status, output).toBe(0);
  });
});

describe('amtool', () => {
  const amtool = component('amtool');
  const file = 'alertmanager/alertmanager.yml';

  it.skipIf(amtool === undefined)('accepts the configuration', () => {
    const { status, output } = runCommand(amtool as string, ['check-config', file]);
    expect(output).toContain('SUCCESS');
    expect(status, output).toBe(0);
  });

  it.skipIf(amtool === undefined).each([
    ['critical', 'TTAHighErrorRate', 'critical'],
    ['warning', 'TTAHighErrorRate', 'warning'],
    ['info', 'TTAHighErrorRate', 'info'],
    ['none', 'TTAWatchdog', 'watchdog'],
    ['critical', 'TTANotificationsFail', 'warning,critical'],
  ])('sends an alert of severity %s, %s, to the receiver %s', (severity, alertname, receiver) => {
    const labels = [`severity=${severity}`, `alertname=${alertname}`, 'job=tta-primitives'];
    const { output } = runCommand(amtool as string, ['config', 'routes', 'test', `--config.file=${file}`, ...labels]);
    // The output can have a warning about a setting of this machine too.
    expect(output.split('\n')).toContain(receiver);
  });
});
