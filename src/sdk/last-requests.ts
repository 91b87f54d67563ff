/**
 * Sends requests while the process exits: the event loop has stopped, so a thread sends them and this thread waits.
 * Works after `process.exit()`, an uncaught error and an unhandled rejection, in worker threads too.
 */
import { Worker } from 'node:worker_threads';
import { type CollectorOptions, requestOptions } from './collector.ts';
import type { SpanRequest } from './span-request.ts';

/** The thread's program as text, because a bundle has no file for it. It sets one element of `done` for each request. */
const PROGRAM = `
const { workerData: { url, tls, requests, done } } = require('node:worker_threads');
const { gzipSync } = require('node:zlib');
const { request, Agent } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 4, ...tls });
let left = requests.length;
requests.forEach(({ body, options }, i) => {
  let isOver = false;
  const end = (status) => {
    if (isOver) return;
    isOver = true;
    Atomics.store(done, i + 1, status);
    if ((left -= 1) > 0) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
  try {
    const data = options.headers['content-encoding'] === 'gzip' ? gzipSync(body) : body;
    options.headers['content-length'] = data.byteLength;
    request(new URL(url), { ...options, agent })
      .on('response', (response) => {
        response.on('error', () => {}).resume();
        end(response.statusCode);
      })
      .on('error', () => end(-1))
      .end(data);
  } catch {
    end(-1);
  }
});`;

/** Sends the requests within `timeoutMs`. Returns how many of their spans the collector accepted. */
export function sendLast(requests: readonly SpanRequest[], options: CollectorOptions, timeoutMs: number): number {
  if (requests.length === 0 || timeoutMs <= 0) return 0;
  const done = new Int32Array(new SharedArrayBuffer(4 * (requests.length + 1)));
  const bodies = requests.map(({ body }) => body);
  try {
    new Worker(PROGRAM, {
      eval: true,
      // Nothing that the program loads first, such as this package: the thread only sends.
      execArgv: [],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS')),
      stdout: true,
      stderr: true,
      workerData: {
        url: options.url.href,
        tls: options.tls,
        requests: bodies.map((body) => ({ body, options: requestOptions(options, body) })),
        done,
      },
      transferList: bodies.map(({ buffer }) => buffer),
    }).on('error', () => {});
  } catch {
    // The program may start no threads, or no more of them.
    return 0;
  }
  Atomics.wait(done, 0, 0, timeoutMs);
  return requests.reduce((sum, { spans }, i) => {
    const status = done[i + 1] ?? 0;
    return status >= 200 && status < 300 ? sum + spans : sum;
  }, 0);
}
