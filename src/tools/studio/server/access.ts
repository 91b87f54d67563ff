/** Who may see what Studio keeps, where other machines can reach it: those who know its token. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { type Exchange, queryOf, sendText } from '../../../platform/http-server.ts';

export interface Access {
  /** Whether the request may go on. If not, it is answered. */
  admit(exchange: Exchange): boolean;
}

const PARAMETER = 'token';
/** A sender that has guessed so often in a minute is not heard until the minute is over. One guess, repeated, is one. */
const MAX_GUESSES = 20;
const WINDOW_MS = 60_000;
/** How many senders are remembered. */
const MAX_SENDERS = 1_000;

export function createAccess(token: string, clock: Clock = systemClock): Access {
  // The cookie is not the token: who reads the one does not have the other.
  const pass = createHmac('sha256', token).update('tta-studio').digest('base64url');
  const wrong = new Map<string, { readonly guesses: Set<string>; readonly untilMs: number }>();

  function tooOften(sender: string): boolean {
    const entry = wrong.get(sender);
    return entry !== undefined && entry.untilMs > clock.now() && entry.guesses.size >= MAX_GUESSES;
  }

  function wasWrong(sender: string, guess: string): void {
    const entry = wrong.get(sender);
    const digest = digestOf(guess).toString('base64');
    if (entry !== undefined && entry.untilMs > clock.now()) {
      entry.guesses.add(digest);
      return;
    }
    wrong.delete(sender);
    if (wrong.size >= MAX_SENDERS) wrong.delete(wrong.keys().next().value as string);
    wrong.set(sender, { guesses: new Set([digest]), untilMs: clock.now() + WINDOW_MS });
  }

  return {
    admit({ request, response, path }) {
      const { authorization = '', cookie = '', host = '' } = request.headers;
      const name = `tta-studio-${/:(\d+)$/.exec(host)?.[1] ?? 'web'}`;
      const sender = request.socket.remoteAddress ?? '';
      const query = queryOf(request);
      const asked = query.get(PARAMETER);
      const bearer = /^bearer +(.*)$/is.exec(authorization)?.[1];
      const ticket = cookie
        .split(';')
        .map((each) => each.trim())
        .find((each) => each.startsWith(`${name}=`))
        ?.slice(name.length + 1);
      if (tooOften(sender)) {
        response.setHeader('retry-after', String(WINDOW_MS / 1_000));
        sendText(response, 429, 'The token was wrong too often: wait a minute\n');
        return false;
      }
      if (isSame(bearer && Buffer.from(bearer, 'latin1'), token)) return true;
      if (request.method === 'GET' && isSame(asked, token)) {
        query.delete(PARAMETER);
        response.setHeader('set-cookie', `${name}=${pass}; Path=/; HttpOnly; SameSite=Lax`);
        // Not `//host`, which is another site.
        response.writeHead(303, { location: `${path.replace(/^\/+/, '/')}${query.size > 0 ? `?${query}` : ''}` }).end();
        return false;
      }
      if (isSame(ticket, pass)) return true;
      // The cookie of an earlier Studio is wrong too, again and again: it is one guess.
      for (const guess of [bearer, asked, ticket]) if (guess) wasWrong(sender, guess);
      response.setHeader('www-authenticate', 'Bearer');
      sendText(
        response,
        401,
        'Studio needs its token: open the address with ?token=... that it printed when it started. A program sends it with ' +
          'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20TOKEN"\n',
      );
      return false;
    },
  };
}

const digestOf = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest();

/** Digests have one length: the time of the comparison says nothing about the secret. */
function isSame(given: string | Buffer | null | undefined, secret: string): boolean {
  return given !== null && given !== undefined && timingSafeEqual(digestOf(given), digestOf(secret));
}
