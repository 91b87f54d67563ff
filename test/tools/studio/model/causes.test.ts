import { describe, expect, it } from 'vitest';
import { causesIn } from '../../../../src/tools/studio/model/causes.ts';

const PYTHON = `Traceback (most recent call last):
  File "a.py", line 2, in fetch
    raise OSError("no route")
OSError: no route

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 4, in fetch
    raise ConnectionError("gateway") from error
ConnectionError: gateway

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 9, in main
openai.APIConnectionError: Connection error.
`;
const JAVA = `java.lang.IllegalStateException: no answer
\tat Main.ask(Main.java:4)
Caused by: java.io.IOException: broken pipe: 7
\tat Net.send(Net.java:1)
\t... 3 more
Caused by: java.net.SocketException
\t... 5 more`;
const DOTNET = `System.InvalidOperationException: No answer
 ---> System.Net.Http.HttpRequestException: Connection refused
   at Net.Send()
   --- End of inner exception stack trace ---
   at Main.Ask()`;
const NODE = `Error: no answer
    at ask (file:///a.mjs:1:1) {
  [cause]: TypeError: fetch failed
      at fetch (node:internal) {
    [cause]: Error: connect ECONNREFUSED ::1:1
        at x (node:net) {
      code: 'ECONNREFUSED'`;
const RUST = `no answer

Caused by:
    0: could not send
    1: connection refused (os error 111)

Stack backtrace:
   0: main`;

describe('the causes that a stack tells', () => {
  it.each([
    ['Python', PYTHON, ['ConnectionError: gateway', 'OSError: no route']],
    ['Java', JAVA, ['java.io.IOException: broken pipe: 7', 'java.net.SocketException: ']],
    ['.NET', DOTNET, ['System.Net.Http.HttpRequestException: Connection refused']],
    ['Node.js', NODE, ['TypeError: fetch failed', 'Error: connect ECONNREFUSED ::1:1']],
    ['Rust', RUST, [': could not send', ': connection refused (os error 111)']],
    ['several errors', 'A: x\nCaused by (1 of 2): B: y\nCaused by (2 of 2): just words', ['B: y', ': just words']],
    ['no cause', 'Error: x\n    at a (b.js:1)', []],
    ['a message that speaks of a cause', 'Error: it was Caused by: x\n    at a (b.js:1)', []],
  ])('are read in the form of %s', (_, stack, causes) => {
    expect(causesIn(stack).map(({ type, message }) => `${type}: ${message}`)).toEqual(causes);
  });

  it('are bounded in number and in length', () => {
    const causes = causesIn(`Error: x${`\nCaused by: E: ${'y'.repeat(5_000)}`.repeat(1_000)}`);
    expect(causes.length).toBeLessThanOrEqual(16);
    expect(causes[0]?.message.length).toBeLessThanOrEqual(1_000);
  });
});
