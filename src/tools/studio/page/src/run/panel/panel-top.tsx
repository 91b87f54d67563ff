import type { ComponentChildren } from 'preact';
import { Text } from '../../parts/cells.tsx';

export interface PanelTopProps {
  readonly group: string;
  readonly label: string;
  readonly type: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function PanelTop({ group, label, type, onClose, children }: PanelTopProps) {
  return (
    <section class={`group-${group}`} aria-label="Details">
      <div class="side-top">
        <h2>
          <span class="kind" /> <Text of={label} />
          {type !== '' && type !== label && (
            <span class="soft">
              {' '}
              <Text of={type} />
            </span>
          )}
        </h2>
        <button type="button" class="plain" onClick={onClose} aria-label="Close the details" title="Close (Escape)">
          ✕
        </button>
      </div>
      {children}
    </section>
  );
}
