import { importOptional } from '../../../platform/optional.ts';

/** Decodes requests and encodes responses of OTLP/HTTP in protobuf. */
export interface TraceCodec {
  /** @throws Error when the bytes are not an `ExportTraceServiceRequest` */
  decodeRequest(bytes: Buffer): unknown;
  encodeResponse(rejectedSpans: number, errorMessage: string): Uint8Array;
  /** Encodes a `google.rpc.Status`, the body of an error response. */
  encodeStatus(message: string): Uint8Array;
}

/**
 * The trace messages of opentelemetry-proto 1.x. Enumerations are declared as int32, which has the same encoding.
 * Fields that the receiver does not show (events, links, scopes) are not declared and not decoded.
 */
const MESSAGES = {
  ExportTraceServiceRequest: message({ resourceSpans: [1, 'ResourceSpans', 'repeated'] }),
  ResourceSpans: message({ resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans', 'repeated'] }),
  Resource: message({ attributes: [1, 'KeyValue', 'repeated'] }),
  ScopeSpans: message({ scope: [1, 'Scope'], spans: [2, 'Span', 'repeated'] }),
  Scope: message({ name: [1, 'string'] }),
  Event: message({ timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, 'KeyValue', 'repeated'] }),
  Link: message({ traceId: [1, 'bytes'], spanId: [2, 'bytes'] }),
  Span: message({
    kind: [6, 'int32'],
    events: [11, 'Event', 'repeated'],
    links: [13, 'Link', 'repeated'],
    traceId: [1, 'bytes'],
    spanId: [2, 'bytes'],
    parentSpanId: [4, 'bytes'],
    name: [5, 'string'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'KeyValue', 'repeated'],
    status: [15, 'Status'],
  }),
  Status: message({ message: [2, 'string'], code: [3, 'int32'] }),
  KeyValue: message({ key: [1, 'string'], value: [2, 'AnyValue'] }),
  AnyValue: message({
    stringValue: [1, 'string'],
    boolValue: [2, 'bool'],
    intValue: [3, 'int64'],
    doubleValue: [4, 'double'],
    arrayValue: [5, 'ArrayValue'],
    kvlistValue: [6, 'KeyValueList'],
    bytesValue: [7, 'bytes'],
  }),
  ArrayValue: message({ values: [1, 'AnyValue', 'repeated'] }),
  KeyValueList: message({ values: [1, 'KeyValue', 'repeated'] }),
  ExportTraceServiceResponse: message({ partialSuccess: [1, 'PartialSuccess'] }),
  PartialSuccess: message({ rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] }),
  RpcStatus: message({ message: [2, 'string'] }),
};

function message(fields: Record<string, [id: number, type: string, rule?: 'repeated']>) {
  const entries = Object.entries(fields).map(([name, [id, type, rule]]) => [
    name,
    rule ? { id, type, rule } : { id, type },
  ]);
  return { fields: Object.fromEntries(entries) };
}

/** @throws Error that prints the install line when `protobufjs` is missing */
export async function loadTraceCodec(): Promise<TraceCodec> {
  const { default: protobuf } = await importOptional(
    'OTLP in protobuf',
    'protobufjs',
    () => import('protobufjs/light.js'),
  );
  const root = protobuf.Root.fromJSON({ nested: MESSAGES });
  const request = root.lookupType('ExportTraceServiceRequest');
  const response = root.lookupType('ExportTraceServiceResponse');
  const status = root.lookupType('RpcStatus');
  return {
    // No default values: a field that was not sent is missing, so that it is clear which member of AnyValue was sent.
    decodeRequest: (bytes) => request.toObject(request.decode(bytes), { longs: String }),
    encodeResponse: (rejectedSpans, errorMessage) =>
      response.encode(rejectedSpans > 0 ? { partialSuccess: { rejectedSpans, errorMessage } } : {}).finish(),
    encodeStatus: (text) => status.encode({ message: text }).finish(),
  };
}
