import { useSignal } from '@preact/signals';
import { after, copyText } from '../browser.ts';

export interface CopyProps {
  /** What is copied; asked for when the button is pressed. */
  readonly text: () => string | Promise<string>;
  readonly label?: string;
}

/** A button that copies a text, and says that it did. */
export function Copy({ text, label = 'Copy' }: CopyProps) {
  const said = useSignal('');
  const copy = async () => {
    said.value = await copied(text);
    after(2_000, () => {
      said.value = '';
    });
  };
  return (
    <button type="button" class="copy" onClick={copy}>
      {said.value || label}
      <span class="unseen" role="status">
        {said.value}
      </span>
    </button>
  );
}

/** Copies a text. @returns what to say to the reader */
export async function copied(text: CopyProps['text']): Promise<string> {
  try {
    await copyText(await text());
    return 'Copied';
  } catch {
    return 'The browser refused to copy';
  }
}
