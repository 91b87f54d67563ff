import { expect, it } from 'vitest';
import { readPriceFile } from '../../src/llm/price-file.ts';

it('reads prices, conditions and names', () => {
  const options = {
    prices: {
      'openai/gpt-4o': { input: 2.5, output: 10, cachedInput: 1.25, inputAudio: 40, outputAudio: 80 },
      'claude-sonnet-4-5': [
        { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 },
        { input: 6, output: 22.5, above: 200_000 },
        { input: 1.5, output: 7.5, tier: 'batch' },
        { input: 2, output: 10, from: '2027-01-01' },
        { input: 2, output: 10, from: '2027-01-01T08:00:00Z' },
      ],
      'ollama/llama3.2': { input: 0, output: 0 },
    },
    priceAs: { 'my-deployment': 'gpt-4o' },
    tierFactors: { batch: 0.5 },
    maxDollarsPerCall: 10,
  };
  expect(readPriceFile(JSON.stringify(options, undefined, 2))).toEqual(options);
  expect(readPriceFile(`\uFEFF${JSON.stringify({ prices: 'catalogue' })}`)).toEqual({ prices: 'catalogue' });
  expect(readPriceFile('{}')).toEqual({});
});

it.each([
  ['', SyntaxError, /^prices\.json: must be JSON: /],
  ['{ "prices": {,} }', SyntaxError, /^prices\.json: must be JSON: /],
  ['[]', TypeError, 'prices.json: must be an object such as { prices: … }, got an array of 0'],
  ['{ "price": {} }', TypeError, 'prices.json: there is no option "price"; did you mean prices?'],
  ['{ "openai/gpt-4o": {} }', TypeError, /^prices\.json: there is no option "openai\/gpt-4o"; known are prices, /],
  ['{ "prices": [] }', TypeError, /^prices\.json: prices must be 'catalogue' or an object such as/],
  ['{ "prices": { "m": 1 } }', TypeError, 'prices.json: prices["m"]: must be an object such as { input: … }, got 1'],
  [
    '{ "prices": { "m": { "input": 1 } } }',
    TypeError,
    /prices\["m"\]\.output must be a finite number, 0 or more, got undefined/,
  ],
  [
    '{ "prices": { "m": { "input": "1", "output": 1 } } }',
    TypeError,
    /prices\["m"\]\.input must be a finite number, 0 or more, got "1"/,
  ],
  ['{ "prices": { "m": { "input": -1, "output": 1 } } }', RangeError, /prices\["m"\]\.input must be .+ got -1/],
  [
    '{ "prices": { "m": { "input": 1e999, "output": 1 } } }',
    RangeError,
    /prices\["m"\]\.input must be .+ got Infinity/,
  ],
  [
    '{ "prices": { "m": { "input": 1, "output": 1, "cached": 1 } } }',
    TypeError,
    /there is no option "cached"; did you mean cachedInput\?/,
  ],
  ['{ "prices": { "m": [] } }', TypeError, /prices\["m"\] must have a price/],
  ['{ "prices": { "m": [{ "input": 1, "output": 1 }, null] } }', TypeError, /prices\["m"\]\[1\]: must be an object/],
  [
    '{ "prices": { "m": { "input": 1, "output": 1, "from": "tomorrow" } } }',
    TypeError,
    /from must be a date such as '2026-01-31', got "tomorrow"/,
  ],
  ['{ "prices": { "m": { "input": 1, "output": 1, "from": "2026-13-40" } } }', TypeError, /from must be a date/],
  [
    '{ "prices": { "m": { "input": 1, "output": 1, "from": "2026-02-28T25:00:00Z" } } }',
    TypeError,
    /from must be a date/,
  ],
  ['{ "prices": { "m": { "input": 1, "output": 1, "from": "2026-02-30" } } }', TypeError, /from must be a date/],
  ['{ "prices": { "m": { "input": 1, "output": 1, "from": ["2026-02-03"] } } }', TypeError, /from must be a date/],
  [
    '{ "prices": { "m": [{ "input": 1, "output": 1 }, { "input": 2, "output": 2, "tier": "standard" }] } }',
    TypeError,
    /prices\["m"\] must have prices that differ in tier, above or from, got an array of 2/,
  ],
  ['{ "priceAs": { "a": "" } }', TypeError, /priceAs\["a"\] must be a text that is not empty/],
  ['{ "tierFactors": { "batch": -1 } }', RangeError, /tierFactors\["batch"\] must be/],
])('refuses %s and says why', (text, type, message) => {
  expect(() => readPriceFile(text, 'prices.json')).toThrow(type);
  expect(() => readPriceFile(text, 'prices.json')).toThrow(message);
});
