import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { BackKey } from './back-key.tsx';

/** A view whose script is loaded when it is first shown. */
export function lazy<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  const loaded = signal<FunctionComponent<Props> | undefined>(undefined);
  const isMissing = signal(false);
  let isAsked = false;

  return (props) => {
    const View = loaded.value;
    if (View !== undefined) return <View {...props} />;
    if (isMissing.value) {
      return (
        <p class="middle" role="alert">
          This part of the page could not be loaded: Studio may be another version by now.{' '}
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      );
    }
    if (!isAsked) {
      isAsked = true;
      load().then(
        (view) => {
          loaded.value = view;
        },
        () => {
          isMissing.value = true;
        },
      );
    }
    // Escape leads back also before the view can be seen.
    return <BackKey />;
  };
}
