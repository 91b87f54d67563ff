import type { Labels } from '../../../support/webhook.ts';
import type { Application } from './application.ts';
import type { Expectations } from './fault.ts';

/** A fault of an application, which is a program of its own. */
export interface ApplicationFault extends Expectations {
  /** The service and its scrape job. */
  readonly job: string;
  /** The program. `broken` is true while it has the fault. See `application.ts` for what it can use. */
  readonly program: string;
  /** Whether the process begins with the fault. Otherwise it is healthy for some minutes before. @default false */
  readonly fromTheStart?: boolean;
  /** The options of `register`. @default none */
  readonly options?: object;
  /** More of its environment. At the port nothing listens. @default none */
  readonly env?: (sparePort: number) => Readonly<Record<string, string>>;
  /** More labels of its targets: faults with one job differ in them. @default none */
  readonly labels?: Labels;
  /** Alerts of other services that are about it. @default none */
  readonly alsoConcerns?: (labels: Labels) => boolean;
  /** How many processes it has. @default 1 */
  readonly instances?: number;
  /** Begins the fault. @default `broken` becomes true */
  readonly inject?: (application: Application) => unknown;
  /** Ends it. @default `broken` becomes false */
  readonly mend?: (application: Application) => unknown;
}
