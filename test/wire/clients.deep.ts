/**
 * The official clients against the offline model, with and without the observer: results, errors, order of chunks, requests
 * byte for byte, the end of each reply for the server, unhandled rejections and the end of the process are the same. What is
 * counted is compared with what the server has sent. Each client in a process of its own, on two lines of Node.js.
 */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProject, type Project, ROOT, run, succeed } from '../package/project.ts';
import { type NodeLine, NPM_CLI, nodeOfLine, OWN_NODE, removeDownloads } from '../package/projects/node-lines.ts';
import { countedOf, expectedOf } from './clients/expected.ts';
import type { Run } from './clients/shapes.ts';

const MINUTES = 60_000;
const FILES = join(import.meta.dirname, 'clients');
const BOTH = [
  ...['@anthropic-ai/sdk', 'ollama', '@mistralai/mistralai', 'groq-sdk', 'cohere-ai', 'zod'],
  ...['@langchain/openai', '@langchain/anthropic', '@langchain/core'],
  ...['@aws-sdk/client-bedrock-runtime', '@smithy/node-http-handler', '@smithy/fetch-http-handler'],
];
const AI = (ai: number, providers: number, compatible: number) => [
  ...[`ai@${ai}`, `@ai-sdk/openai-compatible@${compatible}`],
  ...['openai', 'anthropic', 'google'].map((name) => `@ai-sdk/${name}@${providers}`),
];
/** The newest version of each client whose `engines` allow this Node.js. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  20: [...BOTH, 'openai@6', '@google/genai@2', ...AI(6, 3, 2)],
  24: [...BOTH, 'openai@7', '@google/genai@3', ...AI(7, 4, 3)],
};

const CLIENTS = [
  ...['openai chat', 'openai responses', 'groq', 'anthropic', 'google', 'ollama', 'mistral', 'cohere'],
  ...['bedrock', 'bedrock over fetch', 'langchain openai', 'langchain anthropic'],
  ...['ai openai responses', 'ai openai chat', 'ai anthropic', 'ai google', 'ai openai-compatible'],
];

const places: Record<string, { readonly node: NodeLine; readonly project: Project }> = {};

beforeAll(async () => {
  const own = OWN_NODE.version.split('.')[0] ?? '';
  for (const [line, packages] of Object.entries(PACKAGES)) {
    const node = line === own ? OWN_NODE : await nodeOfLine(line);
    const project = await createProject();
    // Some clients disagree about the version of a peer that they do not need here.
    const npm = [NPM_CLI, 'install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--ignore-scripts'];
    await succeed(join(node.folder, 'node'), [...npm, ...packages], project.folder);
    for (const file of await readdir(FILES)) {
      if (file.endsWith('.js')) await copyFile(join(FILES, file), join(project.folder, file));
    }
    places[line] = { node, project };
  }
}, 10 * MINUTES);

afterAll(async () => {
  await Promise.all([removeDownloads(), ...Object.values(places).map(({ project }) => project.remove())]);
});

async function ask(line: string, client: string, mode: 'bare' | 'observed'): Promise<Run> {
  const { node, project } = places[line] as (typeof places)[string];
  const output = `${client} ${mode}.json`;
  const args = ['--expose-gc', 'run.js', ROOT, client, mode, output];
  const { code, stdout, stderr } = await run(join(node.folder, 'node'), args, project.folder);
  expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
  return JSON.parse(await readFile(join(project.folder, output), 'utf8')) as Run;
}

describe.each(Object.keys(PACKAGES))('on Node.js %s', (line) => {
  it.for(CLIENTS)(
    '%s: the same with and without the observer, and each attempt is counted once',
    { timeout: 5 * MINUTES },
    async (client, { task }) => {
      const bare = await ask(line, client, 'bare');
      const observed = await ask(line, client, 'observed');
      expect(bare.unhandled).toEqual([]);
      expect(withoutCounts(observed)).toEqual(withoutCounts(bare));
      for (const [title, asked] of Object.entries(observed.results)) {
        const { input, output, dollars, success, failure, unmetered, outcomes } = expectedOf(asked);
        const counted = countedOf(asked);
        // Not every client tells the observer of an abort: a timeout or a broken connection is what it sees then.
        const isPlain = !/abort before|time limit/.test(title) && !(observed.breaksOnAbort && /abort/.test(title));
        expect(counted, title).toMatchObject({
          ...{ success, unpriced: 0 },
          ...(isPlain ? { failure, outcomes } : {}),
          // A call that is aborted before it is sent costs nothing.
          ...(isPlain || !observed.breaksOnAbort ? { unmetered } : {}),
          // What a reply does not say is estimated, and counts as unmetered.
          ...(unmetered > 0 ? {} : { input, output }),
        });
        if (unmetered === 0) expect(counted.dollars, title).toBeCloseTo(dollars, 12);
        else expect(counted.dollars, title).toBeGreaterThanOrEqual(dollars - 1e-12);
        expect(counted.byUse, title).toBeCloseTo(counted.dollars, 12);
      }
      const calls = Object.values(observed.results);
      const attempts = calls.reduce((sum, { requests }) => sum + requests.length, 0);
      const { version } = (places[line] as (typeof places)[string]).node;
      const figure = `${observed.client}, Node ${version}: ${calls.length} calls the same, ${attempts} requests`;
      // `.ci/deep` shows it in its table.
      Object.assign(task.meta, { figure });
    },
  );
});

function withoutCounts({ results, unhandled }: Run) {
  const shown = Object.entries(results).map(([title, { result, requests }]) => [title, { result, requests }]);
  return { results: Object.fromEntries(shown), unhandled };
}
