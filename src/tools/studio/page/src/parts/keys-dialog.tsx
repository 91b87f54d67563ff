import { useRef } from 'preact/hooks';
import { bindings, keyName, useKeys } from './keys.ts';

/** The button that lists the keys of the present view. */
export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = () => dialog.current?.showModal();
  useKeys([{ keys: ['?'], label: 'Show the keys', run: open }]);
  return (
    <>
      <button type="button" class="plain" onClick={open} aria-haspopup="dialog" title="Keys (?)" aria-label="Keys">
        ?
      </button>
      {/* A click beside the dialog closes it; Escape does so by itself. */}
      <dialog
        ref={dialog}
        class="keys"
        aria-labelledby="keys-title"
        onClick={(event) => event.target === dialog.current && dialog.current?.close()}
      >
        <h2 id="keys-title">Keys</h2>
        <dl>
          {bindings.value
            .toReversed()
            .flat()
            .map(({ keys, label }) => (
              <div key={label}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{keyName(key)}</kbd>
                  ))}
                </dt>
                <dd>{label}</dd>
              </div>
            ))}
        </dl>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  );
}
