/**
 * Sends requests while the process exits: the event loop has stopped, so a thread sends them and this thread waits.
 * Works after `process.exit()`, an uncaught error and an unhandled rejection, in worker threads too.
 */
import { Worker } from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { BUSY, TOO_LARGE } from './answer.ts';
import { type CollectorOptions, requestOptions } from './collector.ts';
import { type SpanRequest, splitRequest } from './span-request.ts';

/**
 * The thread's program as text, because a bundle has no file for it. It sets one element of `done` for each request: the
 * HTTP status, or -1 where there is no answer. It asks a collector again that is busy, or that closed the connection.
 */
const PROGRAM = `
const { workerData: { url, tls, requests, done, timeoutMs } } = require('node:worker_threads');
const { gzipSync } = require('node:zlib');
const { request, Agent } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 4, ...tls });
const deadline = performance.now() + timeoutMs;
let left = requests.length;
requests.forEach(({ body, options }, i) => {
  const end = (status) => {
    Atomics.store(done, i + 1, status);
    if ((left -= 1) > 0) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
  const post = (data, tries) => {
    let isOver = false;
    const settle = (status, isPassing, ms = 100 * 2 ** tries) => {
      if (isOver) return;
      isOver = true;
      if (isPassing && performance.now() + ms < deadline) setTimeout(post, ms, data, tries + 1);
      else end(status);
    };
    request(new URL(url), { ...options, agent })
      .on('response', (response) => {
        const { statusCode, headers } = response;
        const isBusy = ${JSON.stringify(BUSY)}.includes(statusCode);
        response.on('error', () => {});
        if (statusCode < 400 || isBusy) {
          response.resume();
          settle(statusCode, isBusy, headers['retry-after'] * 1000 || undefined);
          return;
        }
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => { text = (text + chunk).slice(0, 1000); });
        response.on('close', () => settle(${TOO_LARGE}.test(text) ? 413 : statusCode));
      })
      .on('error', ({ code }) => settle(-1, ['ECONNRESET', 'EPIPE'].includes(code) && tries < 3))
      .end(data);
  };
  try {
    const data = options.headers['content-encoding'] === 'gzip' ? gzipSync(body) : body;
    options.headers['content-length'] = data.byteLength;
    post(data, 0);
  } catch {
    end(-1);
  }
});`;

/** Sends the requests within `timeoutMs`. Returns how many of their spans the collector accepted. */
export function sendLast(requests: readonly SpanRequest[], options: CollectorOptions, timeoutMs: number): number {
  const deadline = systemClock.now() + timeoutMs;
  let accepted = 0;
  let left = requests;
  while (left.length > 0 && systemClock.now() < deadline) {
    const bodies = left.map(({ body }) => body);
    const statuses = beginLast(bodies, options, deadline - systemClock.now()).wait();
    const parts: SpanRequest[] = [];
    for (const [i, request] of left.entries()) {
      const status = statuses[i] ?? 0;
      if (status >= 200 && status < 300) accepted += request.spans;
      else if (status === 413 && request.spans > 1) parts.push(...splitRequest(request));
    }
    left = parts;
  }
  return accepted;
}

/** Requests that a thread sends. */
export interface LastRequests {
  /** Blocks until all have an answer, or the time is over. Returns the status of each, 0 where there was none in time. */
  wait(): Int32Array;
}

export function beginLast(bodies: readonly Uint8Array[], options: CollectorOptions, timeoutMs: number): LastRequests {
  const deadline = systemClock.now() + timeoutMs;
  const done = new Int32Array(new SharedArrayBuffer(4 * (bodies.length + 1)));
  try {
    new Worker(PROGRAM, {
      eval: true,
      // Nothing that the program loads first, such as this package: the thread only sends.
      execArgv: [],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS')),
      stdout: true,
      stderr: true,
      workerData: {
        ...{ url: options.url.href, tls: options.tls, done, timeoutMs },
        requests: bodies.map((body) => ({ body, options: requestOptions(options, body) })),
      },
    }).on('error', () => {});
  } catch {
    // The program may start no threads, or no more of them.
    return { wait: () => done.subarray(1) };
  }
  return {
    wait() {
      Atomics.wait(done, 0, 0, Math.max(0, deadline - systemClock.now()));
      return done.subarray(1);
    },
  };
}
