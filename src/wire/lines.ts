/** Server-sent events as they come, in bytes: any line ends, any borders of chunks. */

/** The longest event that is given whole, in bytes; a longer one is given in pieces. */
const LONGEST = 262_144;

const [LF, CR, SPACE, COLON, OPEN] = [0x0a, 0x0d, 0x20, 0x3a, 0x7b] as const;

export interface EventLinesSink {
  /** The data of an event, valid until this returns. */
  event(data: Uint8Array, name: string | undefined): void;
  /** A piece of the data of an event that is too long to be given whole. */
  piece(bytes: Uint8Array): void;
  /** The last piece has been given. */
  pieceEnd(): void;
}

export interface EventLines {
  chunk(bytes: Uint8Array): void;
  /** The body has ended: the last event may have no empty line behind it. */
  ended(): void;
}

export function createEventLines(sink: EventLinesSink): EventLines {
  /** The beginning of a line whose end has not come. */
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  /** The rest of a line that is too long: `data` goes on in pieces, anything else is dropped. */
  let rest: 'none' | 'data' | 'dropped' = 'none';
  let isAfterCR = false;
  let isFirstLine = true;
  let data: Uint8Array | undefined;
  let name: string | undefined;
  let isInPieces = false;
  /** The event is JSON without a field's name: so Google writes an error into a stream. */
  let isBare = false;

  function line(bytes: Uint8Array): void {
    const text = isFirstLine ? withoutMark(bytes) : bytes;
    isFirstLine = false;
    if (text.length === 0) dispatch();
    else if (isField(text, 'data')) {
      if (isBare) dispatch();
      addData(fieldValue(text, 4));
    } else if (isBare || text[0] === OPEN) {
      if (!isBare) dispatch();
      isBare = true;
      addData(text);
    } else if (isField(text, 'event')) name = Buffer.from(fieldValue(text, 5)).toString('latin1', 0, 64);
  }

  function addData(value: Uint8Array): void {
    if (data === undefined && !isInPieces) data = value;
    else if (isInPieces) inPieces(NEW_LINE, value);
    else if ((data as Uint8Array).length + value.length > LONGEST) inPieces(data as Uint8Array, NEW_LINE, value);
    else data = Buffer.concat([data as Uint8Array, NEW_LINE, value]);
  }

  function inPieces(...pieces: readonly Uint8Array[]): void {
    isInPieces = true;
    data = undefined;
    for (const piece of pieces) sink.piece(piece);
  }

  function dispatch(): void {
    if (isInPieces) sink.pieceEnd();
    else if (data !== undefined) sink.event(data, name);
    data = undefined;
    name = undefined;
    isInPieces = false;
    isBare = false;
  }

  /** A line goes on in the next chunk, whose memory is not this one's. */
  function begin(bytes: Uint8Array): void {
    if (rest === 'data') sink.piece(bytes);
    if (rest !== 'none') return;
    begun.push(Buffer.from(bytes));
    begunBytes += bytes.length;
    if (begunBytes <= LONGEST) return;
    const text = Buffer.concat(begun);
    begun = [];
    begunBytes = 0;
    rest = isField(text, 'data') ? 'data' : 'dropped';
    if (rest === 'dropped') return;
    if (data !== undefined) inPieces(data, NEW_LINE);
    inPieces(fieldValue(text, 4));
  }

  function end(bytes: Uint8Array): void {
    if (rest === 'data') sink.piece(bytes);
    else if (rest === 'none') line(begun.length === 0 ? bytes : Buffer.concat([...begun, bytes]));
    rest = 'none';
    begun = [];
    begunBytes = 0;
  }

  return {
    chunk(bytes) {
      if (bytes.length === 0) return;
      let from = isAfterCR && bytes[0] === LF ? 1 : 0;
      isAfterCR = false;
      let [lf, cr] = [-1, -1];
      while (from < bytes.length) {
        if (lf < from) lf = indexOr(bytes, LF, from);
        if (cr < from) cr = indexOr(bytes, CR, from);
        const at = Math.min(lf, cr);
        if (at === Number.POSITIVE_INFINITY) {
          begin(bytes.subarray(from));
          break;
        }
        end(bytes.subarray(from, at));
        from = at + 1;
        if (at !== cr) continue;
        if (from === bytes.length) isAfterCR = true;
        else if (bytes[from] === LF) from += 1;
      }
      if (data !== undefined) data = Buffer.from(data);
    },
    ended() {
      if (begunBytes > 0 || rest !== 'none') end(new Uint8Array());
      dispatch();
    },
  };
}

const NEW_LINE = Buffer.from('\n');
const FIELDS = { data: Buffer.from('data'), event: Buffer.from('event') };

function isField(line: Uint8Array, field: keyof typeof FIELDS): boolean {
  const word = FIELDS[field];
  for (let i = 0; i < word.length; i += 1) if (line[i] !== word[i]) return false;
  return line.length === word.length || line[word.length] === COLON;
}

function fieldValue(line: Uint8Array, length: number): Uint8Array {
  return line.subarray(line[length + 1] === SPACE ? length + 2 : length + 1);
}

/** Without the byte order mark that a body may begin with. */
function withoutMark(line: Uint8Array): Uint8Array {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
}

function indexOr(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}
