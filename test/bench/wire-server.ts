/** Answers as OpenAI's chat completions do. Its process is not the one that is measured. */
import { createServer } from 'node:http';

const events = Number(process.argv[2]);
const usage = { prompt_tokens: 60, completion_tokens: 200, total_tokens: 260 };
const said = { id: 'c1', object: 'chat.completion', created: 1_700_000_000, model: 'gpt-4o-mini-2024-07-18' };
const whole = JSON.stringify({
  ...said,
  choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(100) }, finish_reason: 'stop' }],
  usage,
});
const event = (more: object) => `data: ${JSON.stringify({ ...said, object: 'chat.completion.chunk', ...more })}\n\n`;
const delta = event({ choices: [{ index: 0, delta: { content: 'word ' }, finish_reason: null }] });
const end = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) + event({ choices: [], usage });

const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  if (!body.includes('"stream":true')) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(whole);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < events; i += 1) response.write(delta);
  response.end(`${end}data: [DONE]\n\n`);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : 0);
});
process.on('disconnect', () => process.exit());
