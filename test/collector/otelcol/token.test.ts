/** How the guide says that the token of the gateway is made and changed, on the real Collector. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { collectorText } from '../../support/deployment.ts';
import { eventually } from '../../support/prometheus.ts';
import { makeTrace, postSpans } from '../../support/span-sender.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const otelcol = component('otelcol-tta');
const guide = collectorText('README.md');

/** The ways in which a file of a running gateway changes: written, or replaced as `install` and editors do. */
const WAYS: readonly (readonly [way: string, change: (file: string, text: string) => void])[] = [
  ['written', (file, text) => writeFileSync(file, text)],
  [
    'replaced by another file',
    (file, text) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
  ],
];

/** As the kubelet fills a volume of a Secret: the file is a link through a link to a folder, and the folder is replaced. */
function fillVolume(folder: string, text: string, previous?: string): string {
  const next = `..${randomUUID()}`;
  mkdirSync(join(folder, next));
  writeFileSync(join(folder, next, 'token'), text);
  symlinkSync(next, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (previous === undefined) symlinkSync('..data/token', join(folder, 'token'));
  else rmSync(join(folder, previous), { recursive: true });
  return next;
}

/** The status of an empty request over gRPC: 0 is accepted, 16 is not authenticated. */
function grpcStatus(port: number, authorization: string): Promise<string | undefined> {
  const session = connect(`http://127.0.0.1:${port}`);
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...headers, authorization });
  stream.end(Buffer.alloc(5));
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    const read = (received: IncomingHttpHeaders) => {
      status ??= received['grpc-status'] as string | undefined;
    };
    stream.on('response', read).on('trailers', read).on('error', reject).resume();
    stream.on('close', () => {
      session.close();
      resolve(status);
    });
  });
}

describe.skipIf(otelcol === undefined)('the token of the gateway', () => {
  const start = (file: string): Promise<Collector> =>
    startCollector(otelcol as string, 'gateway', { env: { TTA_COLLECTOR_TOKEN_FILE: file } });
  const status = (gateway: Collector, token: string) =>
    postSpans(gateway.url, makeTrace(), { authorization: `Bearer ${token}` });
  const answers = (gateway: Collector, token: string, wanted: number) =>
    eventually(`${wanted} for ${token}`, async () => ((await status(gateway, token)) === wanted ? true : undefined));

  it.each(WAYS)('is changed without a restart where the gateway reads the file that is %s', async (_, change) => {
    const file = join(tempFolder(), 'token');
    change(file, 'old');
    const gateway = await start(file);
    expect([await status(gateway, 'old'), await status(gateway, 'new')]).toEqual([200, 401]);
    change(file, 'old\nnew');
    await answers(gateway, 'new', 200);
    expect(await status(gateway, 'old')).toBe(200);
    change(file, 'new');
    await answers(gateway, 'old', 401);
    expect(await status(gateway, 'new')).toBe(200);
  });

  it('is changed by a restart in a volume of a Secret, whose change the Collector does not see', async () => {
    const folder = tempFolder();
    const previous = fillVolume(folder, 'old');
    const gateway = await start(join(folder, 'token'));
    fillVolume(folder, 'old\nnew', previous);
    expect(await status(gateway, 'old')).toBe(200);
    expect(await status(gateway, 'new')).toBe(401);
    await gateway.stop();
    await gateway.start();
    expect([await status(gateway, 'old'), await status(gateway, 'new')]).toEqual([200, 200]);
    expect(guide).toContain('`kubectl rollout restart statefulset otelcol-gateway`');
  });

  it('must not end with a newline, because the Collector takes an empty line for an empty token', async () => {
    const [withNewline, without] = ['secret\n', 'secret'].map((token) => join(tempFolder({ token }), 'token'));
    expect(await grpcStatus((await start(withNewline as string)).grpcPort, 'Bearer ')).toBe('0');
    const gateway = await start(without as string);
    for (const authorization of ['Bearer ', 'Bearer', 'Bearer other', ''])
      expect(await grpcStatus(gateway.grpcPort, authorization), authorization).toBe('16');
    expect(await grpcStatus(gateway.grpcPort, 'Bearer secret')).toBe('0');
    // So the guide makes a file without one.
    expect(guide).toContain("(umask 077; openssl rand -hex 32 | tr -d '\\n' >/etc/otelcol-tta/token)\n");
  });
});
