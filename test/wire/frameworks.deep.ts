/** Agents of the frameworks that people use, each with a tool: their model calls are seen, in the workflow that they run in. */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProject, type Project, ROOT, run, succeed } from '../package/project.ts';
import { type NodeLine, NPM_CLI, nodeOfLine, OWN_NODE, removeDownloads } from '../package/projects/node-lines.ts';

const MINUTES = 60_000;
const FILES = join(import.meta.dirname, 'frameworks');
const BOTH = ['@openai/agents', 'langchain', '@langchain/openai', '@langchain/core', '@langchain/langgraph', 'zod'];
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  20: [...BOTH, 'ai@6', '@ai-sdk/openai@3'],
  24: [...BOTH, 'ai@7', '@ai-sdk/openai@4', '@mastra/core'],
};
const NAMES = 'AI SDK with its names';
/** Mastra needs Node.js 22. */
const AGENTS = ['AI SDK', NAMES, 'LangChain', 'OpenAI Agents', 'Mastra'];
const CASES = Object.keys(PACKAGES).flatMap((line) =>
  AGENTS.filter((agent) => line !== '20' || agent !== 'Mastra').map((agent) => ({ line, agent })),
);

const places: Record<string, { readonly node: NodeLine; readonly project: Project }> = {};

beforeAll(async () => {
  const own = OWN_NODE.version.split('.')[0] ?? '';
  for (const [line, packages] of Object.entries(PACKAGES)) {
    const node = line === own ? OWN_NODE : await nodeOfLine(line);
    const project = await createProject();
    const npm = [NPM_CLI, 'install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--ignore-scripts'];
    await succeed(join(node.folder, 'node'), [...npm, ...packages], project.folder);
    for (const file of await readdir(FILES)) await copyFile(join(FILES, file), join(project.folder, file));
    places[line] = { node, project };
  }
}, 10 * MINUTES);

afterAll(async () => {
  await Promise.all([removeDownloads(), ...Object.values(places).map(({ project }) => project.remove())]);
});

interface Seen {
  readonly texts: readonly string[];
  readonly requests: number;
  /** The path of names of each span of a model call. */
  readonly calls: readonly string[];
  readonly tools: readonly string[];
  readonly metrics: readonly string[];
}

describe('an agent with a tool', () => {
  it.each(CASES)(
    'of $agent on Node.js $line',
    async ({ line, agent }) => {
      const { node, project } = places[line] as (typeof places)[string];
      const args = ['run.js', ROOT, agent, 'seen.json'];
      const { code, stdout, stderr } = await run(join(node.folder, 'node'), args, project.folder);
      expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
      const seen = JSON.parse(await readFile(join(project.folder, 'seen.json'), 'utf8')) as Seen;
      for (const text of seen.texts) expect(text).toContain('It rains in Graz.');
      // Each of the two runs asks twice: before the tool, and after it.
      expect(seen.requests).toBe(4);
      // Version 7 of the AI SDK lets model calls run in its spans.
      const step = (at: number) => (agent === NAMES && line !== '20' ? `invoke_agent weather > step ${at} > ` : '');
      const pathsIn = (name: string) =>
        [1, 2].map((at) => `invoke_workflow ${name} > task ask > ${step(at)}chat gpt-4o`);
      expect(seen.calls).toEqual([...pathsIn('first'), ...pathsIn('second')]);
      const tools = ['first', 'second'].map(
        (name) => `invoke_workflow ${name} > task ask > ${step(1)}execute_tool get_weather`,
      );
      expect(seen.tools).toEqual(agent === NAMES ? tools : []);
      const value = (start: string) => {
        const found = seen.metrics.filter((sample) => sample.startsWith(start));
        return found.reduce((sum, sample) => sum + Number(sample.split(' ').at(-1)), 0);
      };
      expect(value('tta_llm_requests_total{')).toBe(4);
      const first = value('tta_workflow_llm_cost_total{workflow_name="first"');
      expect(first).toBeGreaterThan(0);
      expect(value('tta_workflow_llm_cost_total{workflow_name="second"')).toBeCloseTo(first, 12);
      expect(value('tta_llm_cost_total{')).toBeCloseTo(2 * first, 12);
    },
    2 * MINUTES,
  );
});
