/** How the run went, in one sentence whose names lead to the spans. */
import type { Story } from '../../../model/story.ts';
import { Text } from '../parts/cells.tsx';

export function StoryLine({ story, onOpen }: { readonly story: Story; readonly onOpen: (spanId: string) => void }) {
  return (
    <div class={`story story-${story.tone}`}>
      <p>
        {story.parts.map(({ text, spanId }, i) =>
          spanId === null ? (
            <Text key={i} of={text} length={2_000} />
          ) : (
            <button key={i} type="button" class="link" onClick={() => onOpen(spanId)}>
              <Text of={text} />
            </button>
          ),
        )}
      </p>
    </div>
  );
}
