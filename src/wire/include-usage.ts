/**
 * Asks a stream of OpenAI's chat completions for its usage, and hides from the client what the server sends because of that:
 * a last chunk with the usage alone, and `"usage":null` in each chunk before it.
 */
import { eachMember, type Place, parseOr, pick } from './pick.ts';

const ASKED = '"stream_options":{"include_usage":true},';
const WISHES = { values: new Set(['stream']), lengths: new Set<string>() };

/** The body of a request that asks for usage; `undefined` where it asks already, says no, or is no stream. */
export function withUsageAsked(body: string): string | undefined {
  if (body.includes('"stream_options"') || pick(body, WISHES).values.get('stream') !== true) return undefined;
  const begin = body.indexOf('{') + 1;
  return `${body.slice(0, begin)}${ASKED}${body.slice(begin)}`;
}

/** The longest event that is looked at, in bytes. A longer one is passed on as it comes: the hidden one is short. */
const LONGEST = 262_144;
const [LF, CR] = [0x0a, 0x0d] as const;
const NOTHING = new Uint8Array();

export interface UsageFilter {
  /** What the client gets instead of these bytes: none of them while an event has not ended. */
  chunk(bytes: Uint8Array): Uint8Array;
  /** What the client gets instead of a whole body. */
  text(body: string): string;
  /** What was held back, at the end of the body. */
  ended(): Uint8Array | undefined;
}

export function createUsageFilter(): UsageFilter {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  /** The event is too long to be held: its bytes are passed on. */
  let isPassing = false;
  let isLineEmpty = true;
  let isAfterCR = false;
  let isDropped = false;

  /** The bytes that end an event, with what was held of it. */
  function endOf(bytes: Uint8Array): Uint8Array {
    const isWhole = !isPassing;
    const event = held.length === 0 ? bytes : Buffer.concat([...held, bytes]);
    isPassing = false;
    held = [];
    heldBytes = 0;
    if (!isWhole) return event;
    const shown = withoutUsage(event);
    isDropped = shown.length === 0 && event.length > 0;
    return shown;
  }

  function hold(bytes: Uint8Array): Uint8Array {
    if (isPassing) return bytes;
    heldBytes += bytes.length;
    // The memory of the chunk is not ours when this has returned.
    held.push(Buffer.from(bytes));
    if (heldBytes <= LONGEST) return NOTHING;
    const all = Buffer.concat(held);
    isPassing = true;
    held = [];
    heldBytes = 0;
    return all;
  }

  function chunk(bytes: Uint8Array): Uint8Array {
    const shown: Uint8Array[] = [];
    let from = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      const c = bytes[i];
      if (c === LF && isAfterCR) {
        isAfterCR = false;
        // The second half of an empty line goes where the event has gone.
        if (from === i && held.length === 0 && isLineEmpty) {
          if (!isDropped) shown.push(bytes.subarray(i, i + 1));
          from = i + 1;
        }
        continue;
      }
      isAfterCR = c === CR;
      if (c !== LF && c !== CR) {
        isLineEmpty = false;
        continue;
      }
      if (isLineEmpty) {
        shown.push(endOf(bytes.subarray(from, i + 1)));
        from = i + 1;
      }
      isLineEmpty = true;
    }
    if (from < bytes.length) shown.push(hold(bytes.subarray(from)));
    return shown.length === 1 ? (shown[0] as Uint8Array) : Buffer.concat(shown);
  }

  const ended = () => (heldBytes > 0 ? endOf(NOTHING) : undefined);

  return {
    chunk,
    ended,
    text(body) {
      const shown = chunk(Buffer.from(body));
      return Buffer.concat([shown, ended() ?? NOTHING]).toString();
    },
  };
}

/** An event as it would be if nobody had asked for usage; nothing of it if it is there for the usage alone. */
function withoutUsage(event: Uint8Array): Uint8Array {
  const bytes = Buffer.from(event.buffer, event.byteOffset, event.length);
  if (bytes.length > LONGEST || !bytes.includes('"usage"')) return event;
  // One character for each byte, so that places in the text are places in the bytes.
  const text = bytes.toString('latin1');
  const lines = [...text.matchAll(/(?<=^|[\r\n]|\u00EF\u00BB\u00BF)data: ?([^\r\n]+)/g)];
  const [line] = lines;
  if (line === undefined || lines.length > 1) return event;
  const json = line[1] as string;
  const places = new Map<string, Place>();
  eachMember(json, (key, place) => places.set(key, place));
  const usage = places.get('usage');
  if (usage === undefined) return event;
  const value = json.slice(usage.from, usage.to);
  const begin = line.index + line[0].length - json.length;
  if (value === 'null') return withoutMember(bytes, json, usage, begin);
  const choices = places.get('choices');
  const isAlone = choices !== undefined && /^\[\s*\]$/.test(json.slice(choices.from, choices.to));
  return isAlone && parseOr(value, null) !== null && value.startsWith('{') ? NOTHING : event;
}

/** Without the member, and the comma before it, or behind it where it is the first. */
function withoutMember(bytes: Buffer, json: string, { at, to }: Place, begin: number): Uint8Array {
  const comma = /,\s*$/.exec(json.slice(0, at));
  const behind = comma === null ? (/^\s*,\s*/.exec(json.slice(to))?.[0].length ?? 0) : 0;
  const from = begin + (comma?.index ?? at);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(begin + to + behind)]);
}
