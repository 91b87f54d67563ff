/** Answers to clients that do not speak HTTP/1.1, each in its own protocol, so that its user reads why. */
import { performServerHandshake } from 'node:http2';
import type { Socket } from 'node:net';

/** A request that is not HTTP/1.1. */
export interface OtherRequest {
  readonly protocol: 'HTTP/2' | 'TLS' | 'unknown';
  /** Empty where it has none, or none can be read. */
  readonly path: string;
  readonly contentType: string;
}

/** What a client of HTTP/2 sends first. The parser of Node.js stops behind it. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const AFTER_PREFACE = 'HPE_PAUSED_H2_UPGRADE';
const UNIMPLEMENTED = '12';
/** A client that has not asked by then is cut off, in milliseconds. */
const LONGEST_MS = 10_000;
/** What the parser says of bytes that are no request, unlike one that is too large or does not come to its end. */
const NO_REQUEST: ReadonlySet<string> = new Set(['HPE_INVALID_METHOD', 'HPE_INVALID_CONSTANT', 'HPE_INVALID_VERSION']);
/** An error of the parser of Node.js to a status. The others are 400. */
const STATUSES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** Connections that HTTP/2 has: the parser of HTTP/1.1 still waits for a request, and says that none came. */
const taken = new WeakSet<Socket>();

/**
 * Answers and ends a connection whose bytes could not be parsed.
 *
 * @param messageFor the text for the client
 */
export function answerOther(
  socket: Socket,
  { code = '', rawPacket = Buffer.alloc(0), bytesParsed = 0 }: ParserError,
  messageFor: (request: OtherRequest) => string,
): void {
  if (taken.has(socket)) return;
  if (code === AFTER_PREFACE) {
    taken.add(socket);
    // The preface itself may have come in an earlier packet.
    answerHttp2(socket, Buffer.concat([PREFACE, rawPacket.subarray(bytesParsed)]), messageFor);
    return;
  }
  const head = [`HTTP/1.1 ${STATUSES[code] ?? '400 Bad Request'}`, 'Connection: close', 'Content-Type: text/plain'];
  // 0x16 0x03 is the first record of TLS. Its client calls our answer a wrong version.
  const protocol = rawPacket[0] === 0x16 && rawPacket[1] === 0x03 ? 'TLS' : 'unknown';
  const text = NO_REQUEST.has(code) ? `${messageFor({ protocol, path: '', contentType: '' })}\n` : '';
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () =>
    socket.destroy(),
  );
}

/** gRPC shows the text of its status to its user, and nothing of any other answer. */
function answerHttp2(socket: Socket, first: Buffer, messageFor: (request: OtherRequest) => string): void {
  // The parser of HTTP/1.1 must not read what follows.
  socket.removeAllListeners('data').pause().unshift(first);
  const session = performServerHandshake(socket, { maxSessionMemory: 1, settings: { maxConcurrentStreams: 1 } });
  // The session reads what was put back in its next tick, then what follows.
  setImmediate(() => socket.resume());
  const end = setTimeout(() => session.destroy(), LONGEST_MS).unref();
  session.on('close', () => clearTimeout(end));
  session.on('error', () => socket.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.on('close', () => session.close());
    const contentType = String(headers['content-type'] ?? '');
    const message = messageFor({ protocol: 'HTTP/2', path: String(headers[':path'] ?? ''), contentType });
    if (contentType.startsWith('application/grpc')) {
      const status = { 'grpc-status': UNIMPLEMENTED, 'grpc-message': encodeURI(message) };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
    } else {
      stream.respond({ ':status': 505, 'content-type': 'text/plain; charset=utf-8' });
      stream.end(`${message}\n`);
    }
  });
}
