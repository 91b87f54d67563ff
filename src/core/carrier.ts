import { type Origin, originOf, traceHeaders } from '../telemetry/propagate.ts';
import { ATTR } from '../telemetry/semconv.ts';
import { ExecutionContext } from './context.ts';
import { otherVersion } from './copies.ts';
import { show } from './show.ts';
import type { ContextOptions, WorkflowContext } from './workflow-context.ts';

/** Where a context travels: HTTP headers, the properties of a message, the environment of a child process. */
export type Carrier = Headers | Record<string, string | readonly string[] | number | undefined>;

const IDS = { workflowId: ATTR.workflowId, sessionId: ATTR.sessionId, correlationId: ATTR.correlationId } as const;
type Id = keyof typeof IDS;

/** The limits of W3C baggage: https://www.w3.org/TR/baggage/#limits */
const MAX_BAGGAGE_LENGTH = 8_192;
const MAX_BAGGAGE_MEMBERS = 64;
const MAX_ID_LENGTH = 256;

/**
 * Writes a context into a carrier, for `extract` in another process: the trace (W3C `traceparent`, `tracestate`) and, as
 * W3C `baggage`, the workflow, session and correlation ids. Tags are not written. Other members of the carrier's baggage
 * are kept. Call it inside a task, with the task's context. Returns the carrier.
 *
 * @example
 * const call = task('call', (url: string, context) => fetch(url, { headers: inject(context, {}), signal: context.signal }));
 * @throws TypeError when `context` is no context or `carrier` is no object
 */
export function inject<C extends Carrier>(context: WorkflowContext, carrier: C): C {
  if (!(context instanceof ExecutionContext)) {
    throw new TypeError(
      `inject: context must be the context of a task, got ${show(context)}${otherVersion(context, 'inWorkflow')}`,
    );
  }
  if (typeof carrier !== 'object' || carrier === null) {
    throw new TypeError(`inject: carrier must be headers or an object, got ${show(carrier)}`);
  }
  const headers = traceHeaders();
  const others = [headers.baggage, read(carrier, 'baggage')].filter((text) => text !== undefined).join(',');
  headers.baggage = joinBaggage(membersOf(others), context);
  for (const [name, value] of Object.entries(headers)) write(carrier, name, value);
  return carrier;
}

/**
 * Reads what `inject` wrote, for `execute(input, { context: extract(headers) })`: the spans belong to the caller's trace,
 * and the ids are the caller's. With several carriers, the execution starts a new trace with links to their traces, and
 * has the ids of the first carrier. A carrier that is empty or invalid gives an empty context.
 *
 * @example
 * server.on('request', (req) => answer.execute(req.url, { context: extract(req.headers) }));
 */
export function extract(...carriers: readonly Carrier[]): WorkflowContext {
  const found = carriers.map((carrier) => ({ ids: idsOf(carrier), trace: traceOf(carrier) }));
  const options: ContextOptions = found[0]?.ids ?? {};
  return ExecutionContext.create(options, origin(found.map(({ trace }) => trace)));
}

function origin(traces: readonly Record<string, string>[]): Origin | undefined {
  try {
    return originOf(traces);
  } catch {
    return undefined;
  }
}

function traceOf(carrier: Carrier): Record<string, string> {
  const headers = ['traceparent', 'tracestate'].map((name) => [name, read(carrier, name)] as const);
  return Object.fromEntries(headers.filter((header): header is [string, string] => header[1] !== undefined));
}

function idsOf(carrier: Carrier): ContextOptions {
  const members = new Map(membersOf(read(carrier, 'baggage') ?? ''));
  const ids = Object.entries(IDS).map(([id, key]) => [id, decode(members.get(key))] as const);
  return Object.fromEntries(ids.filter(([, value]) => value !== undefined));
}

/** Looks up the few spellings that carriers use. A loop over the entries could be long: a carrier may have a million. */
function read(carrier: Carrier, name: string): string | undefined {
  try {
    if (carrier instanceof Headers) return bounded(carrier.get(name));
    for (const spelling of [name, name.toUpperCase(), name.charAt(0).toUpperCase() + name.slice(1)]) {
      const value = (carrier as Record<string, unknown> | null | undefined)?.[spelling];
      if (value !== undefined)
        return bounded(Array.isArray(value) ? value.slice(0, MAX_BAGGAGE_MEMBERS).join(',') : value);
    }
  } catch {
    // A carrier that throws counts as empty.
  }
  return undefined;
}

function bounded(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_BAGGAGE_LENGTH ? value : undefined;
}

/** Uses the spelling that the carrier already has. The names of environment variables are upper case. */
function write(carrier: Carrier, name: string, value: string): void {
  if (carrier instanceof Headers) {
    carrier.set(name, value);
    return;
  }
  const isEnvironment = 'PATH' in carrier || name.toUpperCase() in carrier;
  carrier[isEnvironment ? name.toUpperCase() : name] = value;
}

function membersOf(baggage: string): [key: string, value: string][] {
  return baggage
    .split(',', MAX_BAGGAGE_MEMBERS)
    .map((member) => /^\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*([^\s,;]*)/.exec(member))
    .filter((match) => match !== null)
    .map((match) => [match[1] as string, match[2] as string]);
}

function joinBaggage(others: readonly [string, string][], context: ExecutionContext): string {
  const members = new Map<string, string>();
  for (const [id, key] of Object.entries(IDS) as [Id, string][]) {
    const value = context[id];
    if (value !== undefined) members.set(key, encodeURIComponent(value.slice(0, MAX_ID_LENGTH).toWellFormed()));
  }
  for (const [key, value] of others) {
    if (!members.has(key) && members.size < MAX_BAGGAGE_MEMBERS) members.set(key, value);
  }
  let text = '';
  for (const [key, value] of members) {
    const member = `${text === '' ? '' : ','}${key}=${value}`;
    if (text.length + member.length <= MAX_BAGGAGE_LENGTH) text += member;
  }
  return text;
}

function decode(value: string | undefined): string | undefined {
  if (value === undefined || value === '' || value.length > 3 * MAX_ID_LENGTH) return undefined;
  try {
    const text = decodeURIComponent(value);
    return text.length <= MAX_ID_LENGTH && !/\p{Cc}/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
