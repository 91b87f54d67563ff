import { beforeAll, describe, expect, it } from 'vitest';
import { readPriceFile } from '../../../src/llm/price-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

const OWN = {
  prices: {
    'openai/gpt-4o': { input: 2, output: 9, cachedInput: 0.5 },
    'claude-sonnet-4-5': [
      { input: 3, output: 15, cacheWrite: 3.75, cacheWrite1h: 6 },
      { input: 6, output: 22.5, above: 200_000 },
      { input: 1.5, output: 7.5, tier: 'batch' },
      { input: 2, output: 10, from: '2999-01-01' },
    ],
    'ollama/llama3.2': { input: 0, output: 0 },
  },
  priceAs: { 'litellm/fast': 'openai/gpt-4o-mini' },
  tierFactors: { 'openai/flex': 0.5 },
};

async function prices(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const cwd = tempFolder({ 'own.json': JSON.stringify(OWN), 'wrong.json': '{ "prices": { "m": { "input": "1" } } }' });
  const { code, stdout, stderr } = await tta(['prices', ...args], { cwd, env: { TTA_PRICES: '', ...env } }).exited;
  const rows = stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return { code, stdout, stderr, rows };
}

describe('tta prices', () => {
  it('shows what a call is charged per million tokens, and where that comes from', async () => {
    const { code, rows, stderr, stdout } = await prices(['gpt-4o', 'gpt-3.5-turbo', 'anthropic/claude-sonnet-4-5']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(rows).toEqual([
      ['model', 'calls', 'input', 'output', 'cached', 'cache write', 'for an hour', 'price of'],
      ['openai/gpt-4o', 'standard', '2.5', '10', '1.25', '2.5', '2.5', 'catalogue: openai/gpt-4o'],
      ['openai/gpt-3.5-turbo', 'standard', '1.5', '2', '1.5', '1.5', '3', 'reference: openai/gpt-3.5-turbo'],
      [
        ...['anthropic/claude-sonnet-4-5', 'standard', '3', '15', '0.3', '3.75', '6'],
        'catalogue: anthropic/claude-sonnet-4-5',
      ],
      ['', 'input above 200,000', '6', '22.5', '0.6', '7.5', '12', 'catalogue: anthropic/claude-sonnet-4-5'],
    ]);
    expect(stdout).toMatch(/US dollars per million tokens on \d{4}-\d\d-\d\d\./);
    expect(stdout).toMatch(/catalogue: @pydantic\/genai-prices \d+\.\d+\.\d+\./);
  });

  it('checks the file of TTA_PRICES and shows all that it names', async () => {
    const { code, rows, stderr } = await prices([], { TTA_PRICES: 'own.json' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(rows.map(([model, calls, input, output]) => [model, calls, input, output])).toEqual([
      ['model', 'calls', 'input', 'output'],
      ['openai/gpt-4o', 'standard', '2', '9'],
      ['', 'flex', '1', '4.5'],
      ['claude-sonnet-4-5', 'standard', '3', '15'],
      ['', 'input above 200,000', '6', '22.5'],
      ['', 'batch', '1.5', '7.5'],
      ['ollama/llama3.2', 'standard', '0', '0'],
      ['litellm/fast', 'standard', '0.15', '0.6'],
      ['openai/gpt-4', 'standard', '30', '60'],
      ['', 'flex', '15', '30'],
      ['openai/gpt-3.5-turbo', 'standard', '1.5', '2'],
      ['', 'flex', '0.75', '1'],
      ['anthropic/claude-3-opus', 'standard', '15', '75'],
    ]);
    expect(rows.find(([model]) => model === 'litellm/fast')?.at(-1)).toBe('catalogue: openai/gpt-4o-mini');
  });

  it('says how to give a price to a model that has none, and ends with 1', async () => {
    const { code, rows, stderr } = await prices(['gpt-4o', 'litellm/gpt-4o', 'gpt-none']);
    expect(code).toBe(1);
    expect(rows).toHaveLength(2);
    expect(stderr).toContain(
      'tta: "litellm/gpt-4o" has no price. Give it one in dollars per million tokens: "prices":',
    );
    expect(stderr).toContain('"priceAs": { "gpt-none": "openai/gpt-4o" }');
  });

  it('takes a provider, a file and a date', async () => {
    const day = await prices(['o3', '--at', '2025-05-01']);
    expect(day.rows[1]?.slice(0, 4)).toEqual(['openai/o3', 'standard', '10', '40']);
    const provider = await prices(['llama-3.1-8b-instant', '--provider', 'groq']);
    expect(provider.rows[1]?.at(-1)).toBe('catalogue: groq/llama-3.1-8b-instant');
    const file = await prices(['gpt-4o', '--prices', 'own.json'], { TTA_PRICES: 'wrong.json' });
    expect(file.rows[1]?.at(-1)).toBe('yours: openai/gpt-4o');
    const catalogue = await prices(['gpt-3.5-turbo', '--prices', 'catalogue']);
    expect(catalogue.rows[1]?.at(-1)).toBe('catalogue: openai/gpt-3.5-turbo');
  });

  it('prints JSON for programs', async () => {
    const { code, stdout } = await prices(['gpt-4o', 'gpt-none', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { model: 'openai/gpt-4o', prices: [expect.objectContaining({ above: 0, input: 2.5, pricedBy: 'catalogue' })] },
      { model: 'gpt-none', prices: [] },
    ]);
  });

  it.each([
    [['--prices', 'wrong.json'], 'tta: wrong.json: prices["m"].input must be a finite number, 0 or more, got "1"'],
    [['--prices', 'none.json'], 'ENOENT'],
    [['gpt-4o', '--at', 'yesterday'], 'It must be a date such as 2026-01-31.'],
  ])('refuses %j and says why', async (args, message) => {
    const { code, stderr } = await prices(args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it('has a help whose example is a right file', async () => {
    const { stdout } = await tta(['prices', '--help']).exited;
    const example = stdout.slice(stdout.indexOf('\n  {\n'), stdout.indexOf('\n  }\n') + 4);
    expect(Object.keys(readPriceFile(example))).toEqual(['prices', 'priceAs', 'tierFactors']);
  });
});
