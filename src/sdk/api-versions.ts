/**
 * Several versions of `@opentelemetry/api` in one process share one object on `globalThis`. The API refuses to register
 * there beside another version, and to read there what an older minor version registered; it reports both only to its
 * diagnostics. So one old copy that sets a logger switches telemetry off for the whole process.
 */

const API = Symbol.for('opentelemetry.js.api.1');

interface Registered {
  readonly version: string;
  /** `trace`, `metrics`, `context`, `propagation`, `diag`. */
  readonly [name: string]: unknown;
}

const globals = globalThis as { [API]?: Registered | undefined };

/**
 * Calls `register`, which sets globals of the API, also where another version of the API has registered before. What is
 * registered there already stays, and every version up to the newest of them can read it all.
 */
export function besideOtherVersions<T>(register: () => T): T {
  const before = globals[API];
  // A new object: some versions of the API keep the version of theirs from being changed.
  globals[API] = undefined;
  try {
    return register();
  } finally {
    globals[API] = merged(before, globals[API]);
  }
}

function merged(before: Registered | undefined, own: Registered | undefined): Registered | undefined {
  if (before === undefined || own === undefined) return own ?? before;
  return { ...before, ...own, version: newest(before.version, own.version) };
}

/** What is registered for this part of the API, by any version of it. */
export function registeredFor(part: 'diag'): unknown {
  return globals[API]?.[part];
}

function newest(...versions: [string, string]): string {
  const [one, other] = versions.map((version) => version.split('.').map(Number)) as [number[], number[]];
  const order = [0, 1, 2].map((i) => (one[i] ?? 0) - (other[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  return versions[order < 0 ? 1 : 0];
}
