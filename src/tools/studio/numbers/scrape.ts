/** One scrape of an endpoint: its metrics, or in plain words why there are none and what to do. */
import { type Exposition, parseExposition } from '../../../prometheus/parse.ts';
import type { HttpRequest, HttpResult } from '../../doctor/http-request.ts';

export type Scrape = { readonly exposition: Exposition } | { readonly problem: string };

/** Text, uncompressed. Five thousand series have less than 1 MB. */
export const MAX_SCRAPE_BYTES = 16 * 1024 * 1024;

export async function scrape(
  request: HttpRequest,
  url: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Scrape> {
  const result = await request(url, {
    headers: {
      accept: 'text/plain;version=0.0.4',
      // As Prometheus does: the endpoint then does not wait for a callback that never ends until it is too late to say so.
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000),
      ...headers,
    },
  });
  const text = textOf(result, 'authorization' in headers);
  if (typeof text !== 'string') return text;
  try {
    const exposition = parseExposition(text);
    if (exposition.samples.some(({ name }) => name.startsWith('tta_'))) return { exposition };
    return {
      problem: 'It answers with metrics, but has none of ours (tta_*): this is the endpoint of another program.',
    };
  } catch (error) {
    return { problem: `It does not answer with metrics: ${(error as SyntaxError).message}.` };
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  403: 'It answers 403: it is asked under a name that it does not allow. Set TTA_PROMETHEUS_ALLOWED_HOSTS where it runs.',
  404: 'It answers 404: there are no metrics under this path. They are usually at /metrics, on the port 9464.',
  503: 'It answers 503: the program could not collect its metrics. Its log says why.',
};

function textOf({ response, failure }: HttpResult, hasToken: boolean): string | { readonly problem: string } {
  if (failure !== undefined) {
    const { kind, message } = failure;
    if (kind === 'refused')
      return {
        problem: 'Connection refused: no program listens there. Is yours running? Elsewhere: tta studio --scrape URL',
      };
    if (kind === 'timeout') return { problem: `There was ${message}: the program is busy, or is no HTTP server.` };
    return { problem: `It cannot be read: ${message}.` };
  }
  const { status, text, location, contentType = '' } = response;
  if (status === 401)
    return {
      problem: hasToken
        ? 'It answers 401: the token is not the right one.'
        : 'It answers 401: it wants a token. Set TTA_PROMETHEUS_TOKEN where Studio is started.',
    };
  if (location !== undefined && status >= 300 && status < 400)
    return { problem: `It answers ${status}, a redirect, which is not followed. Name the address that it points to.` };
  if (status !== 200) return { problem: REFUSALS[status] ?? `It answers ${status}.` };
  if (/\bhtml\b/i.test(contentType) || /^\s*</.test(text))
    return { problem: 'It answers with a web page: this is another server. The metrics are usually on the port 9464.' };
  return text;
}
