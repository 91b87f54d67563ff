/** Spans of a run as they are kept: some together, compressed, so that what they share costs next to nothing. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { StudioSpan } from '../model/span.ts';

export interface Chunk {
  readonly body: Uint8Array;
  /** How many spans it has. */
  readonly spans: number;
}

const MAX_SPANS = 500;
const MAX_TEXT = 1024 * 1024;

type Source = Pick<StudioSpan, 'service' | 'scope' | 'resource'>;
type KeptSpan = Omit<StudioSpan, 'traceId' | keyof Source> & { readonly source: number };
interface Content {
  readonly sources: readonly Source[];
  readonly spans: readonly KeptSpan[];
}

/** A span as text, to know its size. Its trace is that of its run, and its source stands once in a chunk. */
export interface WrittenSpan {
  readonly text: string;
  readonly source: string;
}

export function writeSpan({ traceId: _, service, scope, resource, ...span }: StudioSpan): WrittenSpan {
  return { text: JSON.stringify(span), source: JSON.stringify({ service, scope, resource }) };
}

export function writeChunks(spans: readonly WrittenSpan[]): Chunk[] {
  const chunks: Chunk[] = [];
  let texts: string[] = [];
  let size = 0;
  const sources = new Map<string, number>();
  const end = () => {
    if (texts.length === 0) return;
    const text = `{"sources":[${[...sources.keys()].join(',')}],"spans":[${texts.join(',')}]}`;
    chunks.push({ body: deflateRawSync(text, { level: 1 }), spans: texts.length });
    texts = [];
    size = 0;
    sources.clear();
  };
  for (const { text, source } of spans) {
    if (texts.length === MAX_SPANS || size + text.length + source.length > MAX_TEXT) end();
    const number = sources.get(source) ?? sources.size;
    sources.set(source, number);
    texts.push(`{"source":${number},${text.slice(1)}`);
    size += text.length + source.length;
  }
  end();
  return chunks;
}

/** @throws Error when the bytes are damaged */
export function readChunk(traceId: string, body: Uint8Array): StudioSpan[] {
  const { sources, spans } = JSON.parse(inflateRawSync(body).toString()) as Content;
  return spans.map(({ source, ...span }) => ({ traceId, ...span, ...(sources[source] as Source) }));
}
