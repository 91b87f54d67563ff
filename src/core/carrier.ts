import { readProperty } from '../platform/read-property.ts';
import { type Origin, originOf, traceHeaders } from '../telemetry/propagate.ts';
import { ATTR } from '../telemetry/semconv.ts';
import { joinMembers, MAX_BAGGAGE_LENGTH, MAX_BAGGAGE_MEMBERS, type Member, membersOf } from './baggage.ts';
import { ExecutionContext } from './context.ts';
import { otherVersion } from './copies.ts';
import { show } from './show.ts';
import type { ContextOptions, WorkflowContext } from './workflow-context.ts';

/** Where a context travels: HTTP headers, the properties of a message, the environment of a child process. */
export type Carrier = Headers | Map<string, string> | Record<string, string | readonly string[] | number | undefined>;

const IDS = { workflowId: ATTR.workflowId, sessionId: ATTR.sessionId, correlationId: ATTR.correlationId } as const;
type Id = keyof typeof IDS;
const OWN_KEYS: ReadonlySet<string> = new Set(Object.values(IDS));

const MAX_ID_LENGTH = 256;

/**
 * Writes a context into a carrier, for `extract` in another process: the trace (W3C `traceparent`, `tracestate`, and what
 * the registered propagator writes) and, as W3C `baggage`, the workflow, session and correlation ids. Tags are not written.
 * The baggage that others put into the carrier, or sent with the context that `extract` read, is passed on. Call it inside
 * a task, with the task's context. Returns the carrier.
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
  if (typeof carrier !== 'object' || carrier === null || Array.isArray(carrier)) {
    throw new TypeError(`inject: carrier must be headers or an object, got ${show(carrier)}`);
  }
  const { baggage, ...headers } = traceHeaders();
  const others = [...membersOf(read(carrier, 'baggage')), ...membersOf(baggage), ...context.baggage];
  for (const [name, value] of Object.entries(headers)) write(carrier, name, value);
  write(carrier, 'baggage', joinMembers([...idMembers(context), ...others]));
  return carrier;
}

/**
 * Reads what `inject` wrote, for `execute(input, { context: extract(headers) })`: the spans belong to the caller's trace,
 * and the ids are the caller's. With several carriers, the execution starts a new trace with links to their traces, and
 * has the ids and the baggage of the first carrier. A carrier that is empty or invalid gives an empty context. Inside a
 * task, the clock and the cancellation are those of the task.
 *
 * @example
 * server.on('request', (req) => answer.execute(req.url, { context: extract(req.headers) }));
 * @throws TypeError when a carrier is a Promise
 */
export function extract(...carriers: readonly Carrier[]): WorkflowContext {
  for (const carrier of carriers) {
    // Anything else may come from outside, and counts as empty. A Promise is a mistake of the program.
    if (typeof readProperty(carrier, 'then') !== 'function') continue;
    throw new TypeError(`extract: carrier must be headers or an object, got ${show(carrier)}`);
  }
  return remoteContext(carriers);
}

/**
 * The context that the carriers describe, with what they do not: these options replace what they say.
 *
 * @param by what has brought the carriers
 */
export function remoteContext(
  carriers: readonly Carrier[],
  options: ContextOptions = {},
  by?: Origin['by'],
): ExecutionContext {
  const members = membersOf(read(carriers[0], 'baggage'));
  const baggage = members.filter(({ key }) => !OWN_KEYS.has(key));
  const origin = originFrom(carriers, baggage);
  return ExecutionContext.remote({ ...idsOf(members), ...options }, origin && { ...origin, by }, baggage);
}

function originFrom(carriers: readonly Carrier[], baggage: readonly Member[]): Origin | undefined {
  try {
    return originOf(
      carriers.map((carrier) => (name) => read(carrier, name)),
      baggage.map(({ text }) => text),
    );
  } catch {
    return undefined;
  }
}

function idMembers(context: ExecutionContext): readonly Member[] {
  return (Object.entries(IDS) as [Id, string][]).flatMap(([id, key]) => {
    const given = context[id];
    if (given === undefined) return [];
    const value = encodeURIComponent(given.slice(0, MAX_ID_LENGTH).toWellFormed());
    return [{ key, value, text: `${key}=${value}` }];
  });
}

function idsOf(members: readonly Member[]): ContextOptions {
  const sent = (key: string) => members.findLast((member) => member.key === key)?.value;
  const ids = Object.entries(IDS).map(([id, key]) => [id, decode(sent(key))] as const);
  return Object.fromEntries(ids.filter(([, value]) => value !== undefined));
}

interface Lookup {
  get(name: string): unknown;
  set(name: string, value: string): unknown;
}

/** `Headers` of any library, or a `Map`. */
function isLookup(carrier: object): carrier is Lookup {
  const { get, set } = carrier as Partial<Lookup>;
  return typeof get === 'function' && typeof set === 'function';
}

/** Looks up the few spellings that carriers use. A loop over the entries could be long: a carrier may have a million. */
function read(carrier: Carrier | undefined, name: string): string | undefined {
  try {
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    for (const spelling of spellingsOf(name)) {
      const value = isLookup(carrier) ? carrier.get(spelling) : (carrier as Record<string, unknown>)[spelling];
      if (value === undefined || value === null) continue;
      return bounded(Array.isArray(value) ? value.slice(0, MAX_BAGGAGE_MEMBERS).join(',') : value);
    }
  } catch {
    // A carrier that throws counts as empty.
  }
  return undefined;
}

/** Headers have few names, and each job and request asks for them again. */
const MOST_NAMES = 64;
const spellings = new Map<string, readonly string[]>();

function spellingsOf(name: string): readonly string[] {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const titled = name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  const made = [...new Set([name, name.toLowerCase(), name.toUpperCase(), titled])];
  if (spellings.size < MOST_NAMES) spellings.set(name, made);
  return made;
}

function bounded(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_BAGGAGE_LENGTH ? value : undefined;
}

/** Uses the spelling that the carrier already has. The names of environment variables are upper case. */
function write(carrier: Carrier, name: string, value: string): void {
  if (isLookup(carrier)) {
    carrier.set(name, value);
    return;
  }
  const fields = carrier as Record<string, string>;
  const isEnvironment = 'PATH' in fields || name.toUpperCase() in fields;
  fields[isEnvironment ? name.toUpperCase() : name] = value;
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
