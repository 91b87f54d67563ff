import type { ComponentChildren } from 'preact';
import type { Attributes } from '../../../../model/span.ts';
import { formatCount } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { Value } from './value.tsx';

export function AttributeTable({ attributes }: { readonly attributes: Attributes }) {
  return (
    <dl class="attributes">
      {Object.entries(attributes)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, value]) => (
          <div key={key}>
            <dt>
              <Text of={key} length={200} />
            </dt>
            <dd>
              <Value value={value} />
            </dd>
          </div>
        ))}
    </dl>
  );
}

export interface SectionProps {
  readonly title: string;
  readonly count?: number;
  readonly isOpen?: boolean;
  readonly children: ComponentChildren;
}

/** A part of the panel that can be folded. */
export function Section({ title, count, isOpen = false, children }: SectionProps) {
  return (
    <details class="section" open={isOpen}>
      <summary>
        {title}
        {count !== undefined && <span class="soft"> {formatCount(count)}</span>}
      </summary>
      {children}
    </details>
  );
}
