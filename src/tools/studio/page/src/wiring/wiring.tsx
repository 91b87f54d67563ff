import './wiring.css';
import type { AboutAnswer } from '../../../api.ts';
import { formatAgo, formatBytes, formatCount } from '../format.ts';
import { Text } from '../parts/cells.tsx';
import { Copy } from '../parts/copy.tsx';
import { TargetList } from '../parts/target-list.tsx';
import { about } from '../server.ts';
import { sendLines } from './send-lines.ts';

/** What Studio listens on, what came last and what was wrong with it: why runs do not appear. */
export function Wiring({ titleId }: { readonly titleId: string }) {
  const facts = about.value;
  if (facts === undefined) return null;
  return (
    <section class="wiring" aria-labelledby={titleId}>
      <h2 id={titleId}>{facts.storage.runs === 0 ? 'No run has arrived yet' : 'What Studio receives and keeps'}</h2>
      <dl>
        <dt>Listens on</dt>
        <dd>
          <code>{facts.url}</code> for OTLP over HTTP, JSON and protobuf
        </dd>
        <dt>Last requests</dt>
        <dd>
          <LastRequests {...facts} />
        </dd>
        <dt>Numbers from</dt>
        <dd>
          <Targets {...facts} />
        </dd>
        <dt>Keeps</dt>
        <dd>
          <Storage {...facts} />
        </dd>
      </dl>
      <h3>Send it spans</h3>
      {sendLines(facts.url).map(({ title, lines }) => (
        <figure key={title} class="lines">
          <figcaption>
            {title} <Copy text={() => lines} />
          </figcaption>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it can be wider than the page, and keys scroll it */}
          <pre tabIndex={0}>{lines}</pre>
        </figure>
      ))}
    </section>
  );
}

function LastRequests({ receiver, nowMs, startedMs }: AboutAnswer) {
  if (receiver.requests.length === 0) {
    return (
      <>
        None since the start, {formatAgo(startedMs, nowMs)}. An exporter for gRPC, which is the default of several SDKs,
        sends to port 4317, not here: set <code>OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf</code>.
      </>
    );
  }
  return (
    <ol class="requests">
      {receiver.requests.map((request) => (
        <li key={`${request.atMs} ${request.path} ${request.status}`}>
          <code>
            <Text of={`${request.method} ${request.path}`} length={100} />
          </code>{' '}
          {request.contentType !== '' && <Text of={request.contentType} length={60} />}{' '}
          <strong>{request.status === 0 ? 'not HTTP/1.1' : request.status}</strong>{' '}
          <span class="soft">{formatAgo(request.atMs, nowMs)}</span>
          {request.problem === '' ? (
            `, ${formatCount(request.spans)} ${request.spans === 1 ? 'span' : 'spans'}`
          ) : (
            <p class="problem">
              <Text of={request.problem} length={1_000} />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Targets({ targets }: AboutAnswer) {
  return targets.length === 0 ? <>No endpoint is scraped.</> : <TargetList targets={targets} />;
}

function Storage({ storage }: AboutAnswer) {
  const { kind, path, runs, bytes, maxBytes, retentionDays, notes } = storage;
  const limits = `up to ${formatBytes(maxBytes)} and ${formatCount(retentionDays)} days`;
  return (
    <>
      {formatCount(runs)} {runs === 1 ? 'run' : 'runs'}, {formatBytes(bytes)},{' '}
      {kind === 'memory' || path === null ? 'in memory' : <code>{path}</code>}, {limits}
      {notes.map((note) => (
        <p key={note} class="problem">
          <Text of={note} />
        </p>
      ))}
    </>
  );
}
