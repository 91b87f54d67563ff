/** All that is known of one span: the facts first, then what it carries. */

import { receivedSpan } from '../../../../model/clocks.ts';
import { factsOf } from '../../../../model/facts.ts';
import { toOtlp } from '../../../../model/otlp.ts';
import { spanAsText } from '../../../../model/text.ts';
import { shortName } from '../../../../model/title.ts';
import type { TreeNode } from '../../../../model/tree.ts';
import { waitsAt } from '../../../../model/waits-at.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { Copy } from '../../parts/copy.tsx';
import { AbsorbedBy } from './absorbed-by.tsx';
import { AttributeTable, Section } from './attributes.tsx';
import { ErrorBox } from './error-box.tsx';
import { Facts } from './facts.tsx';
import { Messages } from './messages.tsx';
import { PanelTop } from './panel-top.tsx';
import { Tries } from './tries.tsx';

export interface SpanPanelProps {
  readonly node: TreeNode;
  readonly runStartUs: number;
  readonly isRunning: boolean;
  readonly onClose: () => void;
  readonly onZoom: () => void;
  readonly onOpen: (spanId: string) => void;
}

export function SpanPanel({ node, runStartUs, isRunning, onClose, onZoom, onOpen }: SpanPanelProps) {
  const { span, attempt, isMissing, shiftUs } = node;
  const facts = factsOf(span);
  if (isMissing) {
    return (
      <PanelTop group="other" label={isRunning ? 'still running' : 'not received'} type="" onClose={onClose}>
        <p class="soft">
          {isRunning
            ? 'A span is sent when it ends. What ran within this one has been received already.'
            : 'This span has not been received: it was not sampled, it was lost, or its program ended before it could send it. What ran within it is below.'}
        </p>
      </PanelTop>
    );
  }
  return (
    <PanelTop group={facts.group} label={shortName(facts)} type={facts.type} onClose={onClose}>
      <div class="side-actions">
        <Copy text={() => spanAsText(node)} label="Copy as text" />
        <Copy text={() => JSON.stringify(toOtlp([receivedSpan(node)]), null, 2)} label="Copy as JSON" />
        <Copy text={() => `${location.origin}${location.pathname}?span=${span.spanId}`} label="Copy link" />
        <button type="button" onClick={onZoom}>
          Zoom
        </button>
      </div>
      {shiftUs !== 0 && (
        <p class="soft">
          The clock of its program is {formatDuration(Math.abs(shiftUs))} {shiftUs > 0 ? 'behind' : 'ahead of'} that of
          its caller: it is shown where it must have been.
        </p>
      )}
      {facts.error !== null && <ErrorBox error={facts.error} />}
      {facts.hasFailed && <AbsorbedBy node={node} onOpen={onOpen} />}
      <Facts span={span} facts={facts} waits={waitsAt(node)} runStartUs={runStartUs} attempt={attempt} />
      <Tries facts={facts} startUs={span.startUs} />
      {facts.isModelCall && (
        <Section title="Messages" isOpen>
          <Messages conversation={facts.conversation} />
        </Section>
      )}
      <Section title="Attributes" count={Object.keys(span.attributes).length} isOpen={!facts.isOurs}>
        <AttributeTable attributes={span.attributes} />
      </Section>
      {span.events.length > 0 && (
        <Section title="Events" count={span.events.length}>
          {span.events.map(({ name, atUs, attributes }, i) => (
            <div key={i} class="event">
              <strong>
                <Text of={name} />
              </strong>{' '}
              <span class="soft">after {formatDuration(atUs - span.startUs)}</span>
              <AttributeTable attributes={attributes} />
            </div>
          ))}
        </Section>
      )}
      {span.links.length > 0 && (
        <Section title="Links" count={span.links.length}>
          <ul class="plain-list">
            {span.links.map(({ traceId, spanId }) => (
              <li key={`${traceId} ${spanId}`}>
                <a href={`/run/${encodeURIComponent(traceId)}?span=${encodeURIComponent(spanId)}`}>
                  <Text of={`${traceId} ${spanId}`} />
                </a>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Resource" count={Object.keys(span.resource).length}>
        <AttributeTable attributes={span.resource} />
      </Section>
      <p class="soft small">
        Span <Text of={span.spanId} />, kind {span.kind}
        {span.scope !== '' && (
          <>
            , scope <Text of={span.scope} />
          </>
        )}
        {span.cut > 0 && <>. {formatCount(span.cut)} values were cut or left out, because the span was too large</>}
      </p>
    </PanelTop>
  );
}
