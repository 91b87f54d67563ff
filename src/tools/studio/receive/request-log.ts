/** The newest requests of senders, so that an empty page can say what came and what was wrong with it. */
import { foreignText } from '../../../platform/foreign-text.ts';
import type { ReceivedRequest } from '../api.ts';

export interface RequestLog {
  note(request: Omit<ReceivedRequest, 'atMs'>): void;
  /** The newest first. */
  newest(): readonly ReceivedRequest[];
}

const MAX_REQUESTS = 10;
const MAX_LENGTH = 200;

/**
 * @param now milliseconds since the Unix epoch
 */
export function createRequestLog(now: () => number): RequestLog {
  /**
   * The oldest first. Requests that differ in nothing but their spans are one: a program that sends metrics every second
   * does not hide the others.
   */
  const requests = new Map<string, ReceivedRequest>();
  return {
    note({ method, path, contentType, status, spans, problem }) {
      const [shownMethod, shownPath, shownType] = [method, path, contentType].map(shown) as [string, string, string];
      const key = JSON.stringify([shownMethod, shownPath, shownType, status, problem]);
      requests.delete(key);
      const kind = { method: shownMethod, path: shownPath, contentType: shownType, status, problem };
      requests.set(key, { atMs: Math.round(now()), ...kind, spans });
      for (const oldest of requests.keys()) {
        if (requests.size <= MAX_REQUESTS) break;
        requests.delete(oldest);
      }
    },
    newest: () => [...requests.values()].reverse(),
  };
}

function shown(text: string): string {
  return foreignText(text).slice(0, MAX_LENGTH);
}
