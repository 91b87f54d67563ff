/** What the doctor checks in these tests: real servers on free ports, and a real program in a process of its own. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { type DiagnoseOptions, diagnose } from '../../../src/tools/doctor/diagnose.ts';
import type { Finding } from '../../../src/tools/doctor/finding.ts';
import { type Child, ENTRY, runModule } from '../../support/child.ts';
import { freePort } from '../../support/free-port.ts';

/** Starts a server that runs until the end of the test, and returns its address `http://127.0.0.1:PORT`. */
export async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers with these texts, one per request, and then always with the last one. */
export function serveTexts(...texts: readonly string[]): Promise<string> {
  let requests = 0;
  return serve((_, response) => response.end(texts[Math.min(requests++, texts.length - 1)]));
}

/** An address at which no process listens. */
export async function unusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

const BUSY = "const work = workflow('work', task('step', (n) => n + 1)); setInterval(() => work.execute(1), 10);";

export interface App {
  /** The address of its metrics. */
  readonly url: string;
  readonly child: Child;
}

/** Starts a program that calls `register`, in a process of its own. It sends no spans unless `env` configures that. */
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

/** Runs the doctor and returns its findings by the name of the check. Without `more`, it checks the endpoint only. */
export async function runDoctor(
  metricsUrl: string,
  more: Partial<DiagnoseOptions> = {},
): Promise<Record<string, Finding>> {
  const reported: Finding[] = [];
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
    (finding) => reported.push(finding),
  );
  expect(reported).toEqual(findings);
  expect(
    findings.filter(({ verdict, remedy }) => (verdict === 'ok' || verdict === 'skipped') !== (remedy === undefined)),
  ).toEqual([]);
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}
