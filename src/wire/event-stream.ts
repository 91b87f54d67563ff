/** The binary event stream of AWS as it comes: frames with headers, and JSON in each. */

/** The longest frame that is read, in bytes; longer ones are skipped. */
const LONGEST = 1_048_576;
/** The lengths of the frame and of its headers, and their check sum. */
const PRELUDE = 12;
const CHECKSUM = 4;
const TEXT_HEADER = 7;

export interface FrameSink {
  /** @param headers those with a text, such as `:event-type` */
  frame(payload: Buffer, headers: ReadonlyMap<string, string>): void;
}

export interface EventStream {
  chunk(bytes: Uint8Array): void;
}

export function createEventStream(sink: FrameSink): EventStream {
  let begun = Buffer.alloc(0);
  let skipped = 0;

  function take(bytes: Uint8Array): Uint8Array {
    const length = Math.min(skipped, bytes.length);
    skipped -= length;
    return bytes.subarray(length);
  }

  return {
    chunk(bytes) {
      begun = Buffer.concat([begun, take(bytes)]);
      while (begun.length >= PRELUDE) {
        const length = begun.readUInt32BE(0);
        if (length < PRELUDE + CHECKSUM || length > LONGEST) {
          // Too short is no frame at all: nothing behind it can be read.
          skipped = length < PRELUDE + CHECKSUM ? Number.POSITIVE_INFINITY : length;
          begun = Buffer.from(take(begun));
          continue;
        }
        if (begun.length < length) return;
        const headersEnd = Math.min(PRELUDE + begun.readUInt32BE(4), length - CHECKSUM);
        sink.frame(begun.subarray(headersEnd, length - CHECKSUM), headersIn(begun.subarray(PRELUDE, headersEnd)));
        begun = begun.subarray(length);
      }
    },
  };
}

/** The headers up to the first that is no text: those that count are texts, and stand first. */
function headersIn(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const nameEnd = at + 1 + (bytes[at] as number);
    if (bytes[nameEnd] !== TEXT_HEADER || nameEnd + 3 > bytes.length) break;
    const valueEnd = nameEnd + 3 + bytes.readUInt16BE(nameEnd + 1);
    headers.set(bytes.toString('latin1', at + 1, nameEnd), bytes.toString('utf8', nameEnd + 3, valueEnd));
    at = valueEnd;
  }
  return headers;
}
