/** What kept the failure of a span from those that waited for its result. */
import { absorberOf } from '../../../../model/absorber.ts';
import { calledOf } from '../../../../model/title.ts';
import type { TreeNode } from '../../../../model/tree.ts';
import { Text } from '../../parts/cells.tsx';

export interface AbsorbedByProps {
  readonly node: TreeNode;
  readonly onOpen: (spanId: string) => void;
}

export function AbsorbedBy({ node, onOpen }: AbsorbedByProps) {
  const absorber = absorberOf(node);
  if (absorber === null) return <p class="soft">Nothing absorbed it, by the spans that have been received.</p>;
  return (
    <p>
      Absorbed by{' '}
      <button type="button" class="link" onClick={() => onOpen(absorber.node.span.spanId)}>
        <Text of={calledOf(absorber.node)} />
      </button>{' '}
      <Text of={absorber.how} />
    </p>
  );
}
