/**
 * The telemetry part of the suite beside other versions of OpenTelemetry JS, and on other lines of Node.js. For other
 * versions the checkout is copied, with its build, and has `node_modules` of its own. The end is a table.
 */
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PEERS, SDK_3, type Versions } from '../../src/platform/peers.ts';
import { createProject, type Project, ROOT, run } from './project.ts';
import { type NodeLine, nodeOfLine, OWN_NODE, removeDownloads } from './projects/node-lines.ts';

const MINUTES = 60_000;
/** Of one run of the part, which takes some minutes on a quiet machine. */
const LONGEST_RUN = 45 * MINUTES;

/**
 * What reads or writes telemetry by an SDK. The other rooms report through src/telemetry only; the protocols of test/wire
 * read bytes.
 */
const PART = ['test/contract', 'test/prometheus', 'test/sdk', 'test/telemetry', 'test/testing', 'test/views'];

interface Line {
  readonly have: string;
  /** The lines of Node.js. */
  readonly nodes: readonly string[];
  /** The packages in the place of those that the checkout has. */
  readonly packages?: readonly string[];
  /** More files of the copy. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that do not run there, each with the reason. */
  readonly leftOut?: Readonly<Record<string, string>>;
}

const specs = (versions: Versions) => Object.entries(versions).map(([name, version]) => `${name}@${version}`);

/** The first version of a range such as `>=2.0.0 <4`. */
const oldest = (name: keyof typeof PEERS) => `${name}@${/\d+\.\d+\.\d+/.exec(PEERS[name].range)?.[0]}`;

/** What the tests use besides the peers, of the same line. */
const besides = (version: string) =>
  ['exporter-trace-otlp-http', 'otlp-exporter-base', 'otlp-transformer'].map(
    (name) => `@opentelemetry/${name}@${version}`,
  );

/** The 3.x SDK has no sdk-trace-node: the tests get what the product makes of sdk-trace. */
const TRACE_NODE = {
  'trace-node.ts': `import * as contexts from '@opentelemetry/context-async-hooks';
import * as core from '@opentelemetry/core';
import * as trace from '@opentelemetry/sdk-trace';
import { asTraceNode } from './src/sdk/trace-packages.ts';
export const { AlwaysOffSampler, InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor, TraceIdRatioBasedSampler } =
  asTraceNode(trace, core, contexts);
`,
  'lines.config.ts': `import { defineConfig, mergeConfig } from 'vitest/config';
import own from './vitest.config.ts';
const alias = { '@opentelemetry/sdk-trace-node': import.meta.dirname + '/trace-node.ts' };
export default mergeConfig(own, defineConfig({ resolve: { alias } }));
`,
};

const LINES: readonly Line[] = [
  { have: `sdk-metrics ${PEERS['@opentelemetry/sdk-metrics'].tested}`, nodes: ['20', '22', '24', '26'] },
  {
    have: 'the oldest SDK of the peer range',
    nodes: ['20'],
    packages: [
      ...(
        [
          '@opentelemetry/api',
          '@opentelemetry/context-async-hooks',
          '@opentelemetry/core',
          '@opentelemetry/exporter-prometheus',
          '@opentelemetry/resources',
          '@opentelemetry/sdk-metrics',
          '@opentelemetry/sdk-trace-node',
        ] as const
      ).map(oldest),
      '@opentelemetry/sdk-trace-base@2.0.0',
      ...besides('0.200.0'),
    ],
    leftOut: {
      'test/prometheus/stock.test.ts': 'its exporter writes no labels of scopes',
      'test/prometheus/model.test.ts': 'it compares with that exporter',
      'test/sdk/span-request.test.ts': 'its OTLP writes spans in another way',
      'test/sdk/packages.test.ts': 'it has no sdk-trace',
    },
  },
  {
    have: `the 3.x SDK (sdk-metrics ${SDK_3['@opentelemetry/sdk-metrics']}, API ${SDK_3['@opentelemetry/api']})`,
    nodes: ['24', '26'],
    packages: [...specs(SDK_3), ...besides('0.301.0')],
    files: TRACE_NODE,
    leftOut: {
      'test/prometheus/model.test.ts': "it loads a file inside OpenTelemetry's exporter, which 3.x does not export",
      'test/sdk/api-versions.test.ts': 'it changes files of the API 1.9',
      'test/sdk/packages.test.ts': 'it takes packages of the 2.x SDK away; projects.deep.ts has the 3.x SDK',
    },
  },
];

/** What vitest's reporter `json` writes. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const projects: Project[] = [];
const nodes = new Map<string, Promise<NodeLine>>();
const table = [['OpenTelemetry', 'Node.js', 'passed', 'failed', 'skipped', 'left out']];

afterAll(async () => {
  process.stdout.write(`\n${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
  for (const project of projects) await project.remove();
  await removeDownloads();
}, 5 * MINUTES);

/** The checkout, with other packages of OpenTelemetry. */
async function copyWith(packages: readonly string[]): Promise<string> {
  const project = await createProject();
  projects.push(project);
  await project.install('--force', ...packages);
  const copy = join(project.folder, 'checkout');
  const left = new Set(['node_modules', '.git'].map((name) => join(ROOT, name)));
  await cp(ROOT, copy, { recursive: true, filter: (path) => !left.has(path) });
  await mkdir(join(copy, 'node_modules'));
  const own = join(ROOT, 'node_modules');
  for (const name of await readdir(own)) {
    const from = name === '@opentelemetry' ? join(project.folder, 'node_modules') : own;
    await symlink(join(from, name), join(copy, 'node_modules', name));
  }
  // The build stays the one that users get, which was compiled beside the SDK of this checkout.
  await writeFile(join(copy, '.ci/setup.cjs'), '');
  return copy;
}

function nodeOf(line: string): Promise<NodeLine> {
  const known = nodes.get(line);
  const node = known ?? (OWN_NODE.version.startsWith(`${line}.`) ? Promise.resolve(OWN_NODE) : nodeOfLine(line));
  nodes.set(line, node);
  return node;
}

/** Runs the part in a checkout. Returns the tests that have failed, each with the first line of its error. */
async function runPart({ have, files, leftOut = {} }: Line, checkout: string, node: NodeLine): Promise<string[]> {
  const report = join(checkout, `report-${node.version}.json`);
  const args = [
    ...[join(checkout, 'node_modules/vitest/vitest.mjs'), 'run', ...PART, '--reporter=json', `--outputFile=${report}`],
    ...Object.keys(leftOut).map((file) => `--exclude=${file}`),
    ...(files === undefined ? [] : ['--config=lines.config.ts']),
  ];
  const path = [node.folder, process.env.PATH].join(delimiter);
  const { stderr } = await run(join(node.folder, 'node'), args, checkout, { PATH: path, TTA_DEEP: '' }, LONGEST_RUN);
  const result = JSON.parse(
    await readFile(report, 'utf8').catch(() => expect.fail(`There is no report. ${stderr}`)),
  ) as Report;
  await rm(report);
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = result;
  table.push([
    ...[have, node.version, String(numPassedTests), String(numFailedTests), String(numPendingTests)],
    Object.entries(leftOut)
      .map(([file, reason]) => `${file} (${reason})`)
      .join(', '),
  ]);
  // A file that cannot be loaded has no tests.
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]}`);
    return status === 'failed' ? [`${name}: ${message}`] : [];
  });
}

it.each(LINES)(
  'the telemetry part of the suite passes beside $have, on Node.js $nodes',
  async (line) => {
    const checkout = line.packages === undefined ? ROOT : await copyWith(line.packages);
    for (const [name, text] of Object.entries(line.files ?? {})) await writeFile(join(checkout, name), text);
    const failed = [];
    for (const node of line.nodes) failed.push(...(await runPart(line, checkout, await nodeOf(node))));
    expect(failed).toEqual([]);
  },
  5 * LONGEST_RUN,
);
