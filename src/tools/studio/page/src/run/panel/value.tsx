import { useSignal } from '@preact/signals';
import type { AttributeValue } from '../../../../model/span.ts';
import { formatCount } from '../../format.ts';
import { showBlock } from '../../show.ts';

const SHOWN = 600;

/** A text of a span. A long one is folded: it can be as large as the receiver lets in. */
export function LongText({ text, shown = SHOWN }: { readonly text: string; readonly shown?: number }) {
  const isWhole = useSignal(false);
  if (text.length <= shown || isWhole.value) return <span class="text">{showBlock(text, text.length)}</span>;
  return (
    <span class="text">
      {showBlock(text.slice(0, shown), shown)}…{' '}
      <button
        type="button"
        class="small"
        onClick={() => {
          isWhole.value = true;
        }}
      >
        Show all {formatCount(text.length)} characters
      </button>
    </span>
  );
}

export function Value({ value }: { readonly value: AttributeValue }) {
  return <LongText text={typeof value === 'string' ? value : JSON.stringify(value, null, 2)} />;
}
