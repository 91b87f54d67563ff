/** An exchange with a model, as data: what a client sends, what a server answers, and what is to be known of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { SoundUsage } from '../../src/ledger/usage.ts';
import type { ContentOptions, Recognised, ReplyReader, WireRequest } from '../../src/wire/protocol.ts';
import { recognise } from '../../src/wire/protocols/index.ts';

interface Part {
  readonly text?: string;
  readonly base64?: string;
}

export interface Exchange {
  readonly name: string;
  readonly request: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly then?: string;
    readonly chunks: readonly Part[];
  };
  readonly expected: {
    readonly protocol: string;
    readonly requestModel: string;
    readonly responseModel: string | null;
    readonly stream: boolean;
    readonly outcome: string;
    readonly usage: Partial<SoundUsage> | null;
    readonly dollars: number | null;
  };
}

const FOLDER = new URL('exchanges/', import.meta.url);

export const EXCHANGES: readonly Exchange[] = readdirSync(FOLDER).map((file) =>
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
);

export function exchange(name: string): Exchange {
  return EXCHANGES.find((each) => each.name === name) as Exchange;
}

export function request(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): WireRequest {
  return {
    method: 'POST',
    url: new URL(url),
    header: (name) => headers[name.toLowerCase()],
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  };
}

export function recognised(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Recognised {
  const found = recognise(request(url, body, headers), { listed: true });
  if (found === undefined) throw new Error(`no protocol has recognised ${url}`);
  return found;
}

/** The chunks as a client reads them, decompressed. */
export function chunksOf({ response }: Exchange): readonly Buffer[] {
  const chunks = response.chunks.map(({ text, base64 }) =>
    text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text),
  );
  return response.headers['content-encoding'] === 'gzip' ? [gunzipSync(Buffer.concat(chunks))] : chunks;
}

/** `bytes` in chunks of `size` bytes. */
export function inChunks(bytes: Uint8Array, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += size) chunks.push(Buffer.from(bytes.subarray(i, i + size)));
  return chunks;
}

const REPLY = { believesCost: true };

/** A reader that has read these chunks. The memory of each is used again, as a pool does. */
export function readChunks(
  call: Recognised,
  chunks: readonly Uint8Array[],
  { isCut = false, ...options }: ContentOptions & { readonly isCut?: boolean } = {},
): ReplyReader {
  const reader = call.reader(REPLY, options);
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    reader.chunk(lent);
    lent.fill(0x58);
  }
  if (!isCut) reader.ended();
  return reader;
}

export function readText(call: Recognised, body: string, options: ContentOptions = {}): ReplyReader {
  const reader = call.reader(REPLY, options);
  reader.text(body);
  return reader;
}

export function readParsed(call: Recognised, body: unknown, options: ContentOptions = {}): ReplyReader {
  const reader = call.reader(REPLY, options);
  reader.parsed(body);
  return reader;
}

/** Events as a server sends them. */
export function sse(...events: readonly unknown[]): string {
  return events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
}
