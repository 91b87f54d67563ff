import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

/** A request that cannot be read: `status` is what HTTP calls it, the message is for the sender. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BodyError';
    this.status = status;
  }
}

/**
 * Reads a request's body whole, unzipped when it says gzip. The limit holds for what comes out of the zip, so a
 * small bomb does not fill the memory.
 *
 * @param maxBytes the largest body, unzipped
 * @throws BodyError 413 past the limit, 415 for an encoding other than gzip, 400 when it is cut or not gzip
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  return new Promise((resolve, reject) => {
    const fail = (error: BodyError) => {
      // The rest is read and forgotten: a sender that is still writing would otherwise never see the answer.
      request.unpipe();
      source.removeAllListeners('data');
      request.resume();
      reject(error);
    };
    const source = encoding === 'gzip' ? request.pipe(createGunzip()) : request;
    if (encoding !== 'gzip' && encoding !== 'identity') {
      fail(new BodyError(415, `The content encoding ${encoding} is not supported, only gzip is`));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    source.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) fail(new BodyError(413, `The request body is larger than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    source.on('end', () => resolve(Buffer.concat(chunks)));
    source.on('error', (error) =>
      fail(new BodyError(400, `The request body could not be read: ${error.message}`, error)),
    );
    request.on('close', () => {
      if (!request.complete) fail(new BodyError(400, 'The request body ended before it was complete'));
    });
  });
}
