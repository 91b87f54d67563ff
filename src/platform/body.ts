import type { IncomingMessage } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';

/** The body of a request cannot be read. `status` is the HTTP status of the answer, the message is for the sender. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415 | 503;

  constructor(status: 400 | 413 | 415 | 503, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BodyError';
    this.status = status;
  }
}

/** The bodies that are arriving, unzipped. */
export interface Arriving {
  bytes: number;
  readonly most: number;
}

const UNZIP = { gzip: createGunzip, deflate: createInflate } as const;

/**
 * Reads the whole body of a request and unzips it when its encoding is gzip or deflate. The limits are for the unzipped
 * body, so that a small zipped body cannot fill the memory.
 *
 * @param maxBytes the largest body, unzipped
 * @param arriving all bodies together. @default no limit
 * @throws BodyError with status 413 above the limit, 415 for another encoding, 400 when the body is incomplete or cannot be
 *   unzipped, 503 when too many are arriving
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  arriving: Arriving = { bytes: 0, most: Number.POSITIVE_INFINITY },
): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  let size = 0;
  const read = new Promise<Buffer>((resolve, reject) => {
    const fail = (error: BodyError) => {
      // Read and drop the rest of the body: a sender that is still writing would not read the answer.
      request.unpipe();
      source.removeAllListeners('data');
      request.resume();
      reject(error);
    };
    const unzip = Object.hasOwn(UNZIP, encoding) ? UNZIP[encoding as keyof typeof UNZIP] : undefined;
    const source = unzip === undefined ? request : request.pipe(unzip());
    if (unzip === undefined && encoding !== 'identity') {
      fail(new BodyError(415, `The content encoding ${encoding} is not supported, only gzip and deflate are`));
      return;
    }
    const chunks: Buffer[] = [];
    source.on('data', (chunk: Buffer) => {
      size += chunk.length;
      arriving.bytes += chunk.length;
      if (size > maxBytes) fail(new BodyError(413, `The request body is larger than ${maxBytes} bytes`));
      else if (arriving.bytes > arriving.most) fail(new BodyError(503, 'Too many bodies arrive at the same time'));
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
  return read.finally(() => {
    arriving.bytes -= size;
  });
}
