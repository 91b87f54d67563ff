import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpServer, type HttpServerOptions, sendText, startHttpServer } from '../../src/platform/http-server.ts';
import type { OtherRequest } from '../../src/platform/other-protocol.ts';

async function start(
  limits: Partial<HttpServerOptions> = {},
): Promise<HttpServer & { readonly others: OtherRequest[]; readonly port: number }> {
  const others: OtherRequest[] = [];
  const server = await startHttpServer({
    ...limits,
    host: '127.0.0.1',
    port: 0,
    handle: ({ response }) => sendText(response, 200, 'hello'),
    onOther(request) {
      others.push(request);
      return `not ${request.protocol}: 100% é`;
    },
  });
  onTestFinished(server.close);
  return { ...server, others, port: Number(new URL(server.url).port) };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function askHttp2(url: string, contentType: string): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  const session = connectHttp2(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/a.Service/Export', 'content-type': contentType });
  stream.end(Buffer.alloc(200_000));
  const [headers] = await once(stream, 'response');
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { headers, text };
}

describe('a server that is told of other protocols', () => {
  it('answers a call of gRPC with a status that its client shows', async () => {
    const { url, others } = await start();
    const { headers } = await askHttp2(url, 'application/grpc+proto');
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' });
    expect(decodeURI(String(headers['grpc-message']))).toBe('not HTTP/2: 100% é');
    expect(others).toEqual([{ protocol: 'HTTP/2', path: '/a.Service/Export', contentType: 'application/grpc+proto' }]);
  });

  it('answers another request of HTTP/2 with a text', async () => {
    const { url } = await start();
    const { headers, text } = await askHttp2(url, 'application/json');
    expect([headers[':status'], text]).toEqual([505, 'not HTTP/2: 100% é\n']);
  });

  it('speaks HTTP/2 also when its first bytes come one by one', async () => {
    const { port } = await start();
    const socket = await open(port);
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise(setImmediate);
    }
    const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    socket.write(Buffer.from(settings));
    const [answer] = await once(socket, 'data');
    // The fourth byte of a frame is its type: 4 is SETTINGS.
    expect(answer[3]).toBe(4);
  });

  it.each([
    ['a handshake of TLS', 'TLS'],
    ['anything else', 'unknown'],
  ])('tells of %s, and closes the connection', async (_, protocol) => {
    const { port, others } = await start();
    if (protocol === 'TLS') {
      const socket = connectTls({ port, host: '127.0.0.1' });
      await expect(once(socket, 'secureConnect')).rejects.toThrow();
    } else {
      const socket = await open(port);
      socket.write('\u0000hello\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\nnot unknown: 100% é\n$/s);
    }
    expect(others).toMatchObject([{ protocol, path: '', contentType: '' }]);
  });

  it('answers on, whatever a client of HTTP/2 sends or leaves out', async () => {
    const { url, port } = await start();
    for (const rest of ['', 'garbage'.repeat(100), '\u0000\u0000\u0000\u0004']) {
      const socket = await open(port);
      socket.on('error', () => {});
      socket.write(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${rest}`);
      if (rest.startsWith('garbage')) await once(socket.resume(), 'close');
      else socket.destroy();
    }
    expect(await (await fetch(url)).text()).toBe('hello');
  });

  it('closes at once with an open connection of HTTP/2', async () => {
    const server = await start();
    const session = connectHttp2(server.url);
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    const closed = once(session, 'close');
    await server.close();
    await closed;
  });

  it('does not tell of a connection that sends nothing, or a part of a request', async () => {
    const { port, others } = await start({ headTimeoutMs: 200 });
    const silent = await open(port);
    const half = await open(port);
    half.write('GET / HTTP/1.1\r\nHost: ');
    const large = await open(port);
    large.write(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n`);
    const ended = await open(port);
    ended.end('POST / HTTP/1.1\r\nHo');
    const answers = [silent, half, large, ended].map(async (socket) => {
      let text = '';
      for await (const chunk of socket) text += chunk;
      return text.slice(0, 12);
    });
    expect(await Promise.all(answers)).toEqual(['HTTP/1.1 408', 'HTTP/1.1 408', 'HTTP/1.1 431', 'HTTP/1.1 400']);
    expect(others).toEqual([]);
  });

  it('leaves a connection of HTTP/2 alone when the time for the head of a request is over', async () => {
    const { url, others } = await start({ headTimeoutMs: 200 });
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    const silent = await open(Number(new URL(url).port));
    for await (const _ of silent);
    const stream = session.request({ ':path': '/', 'content-type': 'application/grpc' });
    const [headers] = await once(stream, 'response');
    expect(headers['grpc-status']).toBe('12');
    expect(others).toHaveLength(1);
  });
});
