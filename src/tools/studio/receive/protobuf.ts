/** OTLP in protobuf: requests to the objects that its JSON has, and answers to bytes. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

type Type = 'text' | 'bytes' | 'bool' | 'int' | 'long' | 'fixed32' | 'fixed64' | 'double';
interface Field {
  readonly name: string;
  readonly wire: WireType;
  /** Reads a value; `undefined` where it is a message. */
  readonly read?: (reader: BinaryReader) => unknown;
  readonly message?: () => Message;
  readonly repeated?: boolean;
}
type Message = Readonly<Record<number, Field>>;
type Fields = Record<string, unknown>;

const BYTES = WireType.LengthDelimited;
/** 64-bit numbers are `bigint`s: they do not fit into a number. */
const TYPES: Readonly<Record<Type, Pick<Field, 'wire' | 'read'>>> = {
  text: { wire: BYTES, read: (reader) => reader.string() },
  bytes: { wire: BYTES, read: (reader) => reader.bytes() },
  bool: { wire: WireType.Varint, read: (reader) => reader.bool() },
  int: { wire: WireType.Varint, read: (reader) => reader.int32() },
  long: { wire: WireType.Varint, read: (reader) => reader.int64() },
  fixed32: { wire: WireType.Bit32, read: (reader) => reader.fixed32() },
  fixed64: { wire: WireType.Bit64, read: (reader) => reader.fixed64() },
  double: { wire: WireType.Bit64, read: (reader) => reader.double() },
};

const one = (name: string, type: Type | (() => Message)): Field =>
  typeof type === 'string' ? { name, ...TYPES[type] } : { name, wire: BYTES, message: type };
const many = (name: string, message: () => Message): Field => ({ name, wire: BYTES, message, repeated: true });

/** The trace messages of opentelemetry-proto 1.x. What Studio does not show is not declared, and skipped. */
const ANY_VALUE: Message = {
  1: one('stringValue', 'text'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'long'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => ARRAY_VALUE),
  6: one('kvlistValue', () => KEY_VALUE_LIST),
  7: one('bytesValue', 'bytes'),
};
const KEY_VALUE: Message = { 1: one('key', 'text'), 2: one('value', () => ANY_VALUE) };
const ARRAY_VALUE: Message = { 1: many('values', () => ANY_VALUE) };
const KEY_VALUE_LIST: Message = { 1: many('values', () => KEY_VALUE) };
const EVENT: Message = {
  1: one('timeUnixNano', 'fixed64'),
  2: one('name', 'text'),
  3: many('attributes', () => KEY_VALUE),
};
const LINK: Message = { 1: one('traceId', 'bytes'), 2: one('spanId', 'bytes') };
const STATUS: Message = { 2: one('message', 'text'), 3: one('code', 'int') };
const SPAN: Message = {
  1: one('traceId', 'bytes'),
  2: one('spanId', 'bytes'),
  3: one('traceState', 'text'),
  4: one('parentSpanId', 'bytes'),
  5: one('name', 'text'),
  6: one('kind', 'int'),
  7: one('startTimeUnixNano', 'fixed64'),
  8: one('endTimeUnixNano', 'fixed64'),
  9: many('attributes', () => KEY_VALUE),
  11: many('events', () => EVENT),
  13: many('links', () => LINK),
  15: one('status', () => STATUS),
  16: one('flags', 'fixed32'),
};
const SCOPE: Message = { 1: one('name', 'text') };
const SCOPE_SPANS: Message = { 1: one('scope', () => SCOPE), 2: many('spans', () => SPAN) };
const RESOURCE: Message = { 1: many('attributes', () => KEY_VALUE) };
const RESOURCE_SPANS: Message = { 1: one('resource', () => RESOURCE), 2: many('scopeSpans', () => SCOPE_SPANS) };
const REQUEST: Message = { 1: many('resourceSpans', () => RESOURCE_SPANS) };

/** As of other readers of protobuf. A message that is nested deeper is skipped. */
const MAX_DEPTH = 100;

/** Text with wrong UTF-8 is shown as well as can be. */
function decodeText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

/**
 * @param maxValues how many messages may be in it: an empty one is two bytes, and a hundred in memory
 * @throws Error when the bytes are not an `ExportTraceServiceRequest`
 */
export function decodeRequest(bytes: Uint8Array, maxValues: number): unknown {
  const reader = new BinaryReader(bytes, decodeText);
  let left = maxValues;

  function decode(message: Message, end: number, depth: number): Fields {
    const fields: Fields = {};
    left -= 1;
    if (left < 0) throw new RangeError(`it has more than ${maxValues} values`);
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const field = message[number];
      if (field === undefined || field.wire !== wire || (field.message && depth === MAX_DEPTH)) {
        reader.skip(wire, number);
      } else if (field.message === undefined) {
        fields[field.name] = field.read?.(reader);
      } else {
        const length = reader.uint32();
        const value = decode(field.message(), reader.pos + length, depth + 1);
        if (!field.repeated) fields[field.name] = value;
        else {
          const list = fields[field.name] as Fields[] | undefined;
          if (list === undefined) fields[field.name] = [value];
          else list.push(value);
        }
      }
    }
    if (reader.pos > end) throw new RangeError('a part of it is longer than the whole');
    return fields;
  }

  return decode(REQUEST, bytes.length, 0);
}

/** An `ExportTraceServiceResponse`. */
export function encodeResponse(rejectedSpans: number, errorMessage: string): Uint8Array {
  const writer = new BinaryWriter();
  if (rejectedSpans === 0 && errorMessage === '') return writer.finish();
  writer.tag(1, BYTES).fork();
  writer.tag(1, WireType.Varint).int64(rejectedSpans).tag(2, BYTES).string(errorMessage);
  return writer.join().finish();
}

/** A `google.rpc.Status`, the body of an error response. */
export function encodeStatus(message: string): Uint8Array {
  return new BinaryWriter().tag(2, BYTES).string(message).finish();
}
