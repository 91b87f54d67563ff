import { VERDICT } from '../telemetry/observe.ts';

/** `timeout` gave up on the work it wraps. */
export class PrimitiveTimeoutError extends Error {
  override readonly name = 'PrimitiveTimeoutError';
  readonly [VERDICT] = 'timeout';
  /** The primitive that took too long. */
  readonly primitiveName: string;
  readonly timeoutMs: number;

  constructor(primitiveName: string, timeoutMs: number) {
    super(`${primitiveName} did not finish within ${timeoutMs} ms`);
    this.primitiveName = primitiveName;
    this.timeoutMs = timeoutMs;
  }
}

/** `router` was told to go where there is no route, and has no default. */
export class NoRouteError extends Error {
  override readonly name = 'NoRouteError';
  readonly [VERDICT] = 'rejected';
  readonly route: unknown;
  readonly routes: readonly string[];

  constructor(routerName: string, route: unknown, routes: readonly string[]) {
    const asked = typeof route === 'string' ? JSON.stringify(route.slice(0, 80)) : String(route);
    super(
      `${routerName} has no route ${asked}; its routes are ${routes.join(', ')}; name one as default to catch the rest`,
    );
    this.route = route;
    this.routes = routes;
  }
}
