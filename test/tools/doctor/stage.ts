/** What the doctor is shown: real servers on free ports, and a real program that can be broken. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { diagnose, type Installation } from '../../../src/tools/doctor/diagnose.ts';
import type { Finding } from '../../../src/tools/doctor/finding.ts';
import { type Child, ENTRY, runModule } from '../../support/child.ts';

/** `http://127.0.0.1:PORT` of a server that answers like this, until the test is over. */
export async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that says these texts, one after the other, the last one for ever. */
export function says(...texts: readonly string[]): Promise<string> {
  let asked = 0;
  return serve((_, response) => response.end(texts[Math.min(asked++, texts.length - 1)]));
}

const BUSY = "const work = workflow('work', task('step', (n) => n + 1)); setInterval(() => work.execute(1), 10);";

export interface App {
  /** Of its metrics. */
  readonly url: string;
  readonly child: Child;
}

/** A program with `register`, in a process of its own; nothing takes its spans unless `env` says who. */
export async function startApp(program = BUSY, env: Readonly<Record<string, string>> = {}): Promise<App> {
  const source = `
    import { register } from '${ENTRY.sdk}';
    import { llm, task, workflow } from '${ENTRY.main}';
    const sdk = await register();
    ${program}
    setInterval(() => {}, 1_000);
    console.log('metrics at ' + sdk.metricsUrl);`;
  const child = runModule(source, { env: { OTEL_TRACES_EXPORTER: 'none', ...env } });
  onTestFinished(() => child.kill('SIGKILL'));
  return { url: await child.says('metrics at '), child };
}

/** What is found, by the name of the check; nothing is asked for but the endpoint unless told. */
export async function examine(metricsUrl: string, more: Partial<Installation> = {}): Promise<Record<string, Finding>> {
  const told: Finding[] = [];
  const findings = await diagnose(
    {
      metricsUrl,
      prometheus: undefined,
      collector: undefined,
      versions: { folder: '/', node: process.version, engine: '>=20.19', peers: {} },
      waitMs: 200,
      timeoutMs: 1_000,
      clock: systemClock,
      ...more,
    },
    (finding) => told.push(finding),
  );
  expect(told).toEqual(findings);
  expect(
    findings.filter(({ verdict, remedy }) => (verdict === 'ok' || verdict === 'skipped') !== (remedy === undefined)),
  ).toEqual([]);
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}
