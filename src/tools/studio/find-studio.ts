import { get } from 'node:http';
import { systemClock } from '../../platform/clock.ts';
import type { AboutAnswer } from './api.ts';
import { SERVER_NAME } from './server/security.ts';

export interface FoundStudio {
  readonly url: string;
  /** `undefined`: it wants a token. */
  readonly about: AboutAnswer | undefined;
}

const TIMEOUT_MS = 2_000;

/** The Studio that answers at a port of this machine; `undefined` when there is none, or it is another program. */
export async function findStudio(port: number): Promise<FoundStudio | undefined> {
  const url = `http://127.0.0.1:${port}`;
  const controller = new AbortController();
  const cancel = systemClock.after(TIMEOUT_MS, () => controller.abort());
  try {
    const response = await fetch(`${url}/api/about`, { signal: controller.signal, redirect: 'error' });
    if (response.headers.get('server') !== SERVER_NAME) return undefined;
    if (!response.ok) return { url, about: undefined };
    const about = (await response.json()) as Partial<AboutAnswer> | null;
    return about?.storage === undefined ? undefined : { url, about: about as AboutAnswer };
  } catch {
    return undefined;
  } finally {
    controller.abort();
    cancel();
  }
}

/** Has a Studio that runs already scrape one more endpoint. Rejects when it does not answer or refuses. */
export async function tellTarget(studio: string, url: string): Promise<void> {
  const response = await fetch(`${studio}/api/targets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Without the token of the endpoint: who has that port is known by what it says of itself only.
    body: JSON.stringify({ url }),
  });
  if (!response.ok) throw new Error((await response.text()).trim());
}

/**
 * Has a Studio that runs already stay until this program leaves or ends. Never rejects.
 *
 * @param onEnd called when Studio ends before
 * @returns leaves
 */
export function joinStudio(studio: string, onEnd: () => void): Promise<() => void> {
  return new Promise((resolve) => {
    const request = get(`${studio}/api/guest`, { agent: false });
    let isJoined = false;
    const leave = () => {
      isJoined = false;
      request.destroy();
    };
    request.once('response', (response) => {
      isJoined = response.statusCode === 200;
      // A program that ends in an unforeseen way must not wait for it.
      response.resume().socket.unref();
      resolve(leave);
    });
    request.once('error', () => {});
    request.once('close', () => {
      if (isJoined) onEnd();
      resolve(leave);
    });
  });
}
