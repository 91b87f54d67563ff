import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

/** The body of a request cannot be read. `status` is the HTTP status of the answer, the message is for the sender. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BodyError';
    this.status = status;
  }
}

/**
 * Reads the whole body of a request and unzips it when its encoding is gzip. The limit is for the unzipped body, so that
 * a small zipped body cannot fill the memory.
 *
 * @param maxBytes the largest body, unzipped
 * @throws BodyError with status 413 above the limit, 415 for another encoding than gzip, 400 when the body is incomplete
 *   or is not gzip
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  return new Promise((resolve, reject) => {
    const fail = (error: BodyError) => {
      // Read and drop the rest of the body: a sender that is still writing would not read the answer.
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
