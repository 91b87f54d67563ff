import { describe, expect, it } from 'vitest';
import { recognised } from '../exchange.ts';

/** What reading grows the memory by, in megabytes. The chunks are one memory that is used again. */
function grown(url: string, begin: string, filler: string, chunks: number, end: string) {
  const reader = recognised(url, { model: 'm', messages: [], stream: true }).reader(...[{ believesCost: false }, {}]);
  const chunk = Buffer.from(filler.repeat(Math.ceil(65_536 / filler.length)));
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  const before = used();
  let most = 0;
  reader.chunk(Buffer.from(begin));
  for (let i = 0; i < chunks; i += 1) {
    reader.chunk(chunk);
    if (i % 50 === 0) most = Math.max(most, used() - before);
  }
  reader.chunk(Buffer.from(end));
  reader.ended();
  return { most, facts: reader.facts(), isComplete: reader.isComplete };
}

describe('50 MB of a reply need no memory for it', () => {
  const usage = '"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}';

  it.each([
    [
      'in one line of a stream',
      'data: {"choices":[{"delta":{"content":"',
      'word ',
      `"},"index":0}],${usage}}\n\ndata: [DONE]\n\n`,
    ],
    ['in a line that is no event', ': ', 'word ', `\n\ndata: {"choices":[],${usage}}\n\ndata: [DONE]\n\n`],
    ['in one text of a body', '{"choices":[{"message":{"content":"', '\\n\\"', `"}}],${usage}}`],
    ['in numbers', '{"data":[', '0.0123,', `0],${usage}}`],
    [
      'in small events',
      'data: {}\n\n',
      'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
      `data: {"choices":[],${usage}}\n\ndata: [DONE]\n\n`,
    ],
    ['in brackets', `{${usage},"x":[`, '[],', '[]]}'],
  ])('%s', (_, begin, filler, end) => {
    const { most, facts, isComplete } = grown('https://x/v1/chat/completions', begin, filler, 800, end);
    // What is not collected yet counts too.
    expect(most).toBeLessThan(40);
    expect(isComplete).toBe(true);
    expect(facts).toMatchObject({ metering: 'exact', usage: { inputTokens: 3, outputTokens: 4 } });
  });
});
