/** The messages of a model call, where they were captured, and else how to capture them. */
import type { Conversation, Message } from '../../../../model/messages.ts';
import { Text } from '../../parts/cells.tsx';
import { LongText } from './value.tsx';

export interface MessagesProps {
  readonly conversation: Conversation | null;
  /** Whether what is around them says already that they are captured. @default false */
  readonly isMarked?: boolean;
}

export function Messages({ conversation, isMarked = false }: MessagesProps) {
  if (conversation === null) return <NotCaptured />;
  return (
    <>
      {!isMarked && <Captured />}
      {[...conversation.system, ...conversation.input, ...conversation.output].map((message, i) => (
        <OneMessage key={i} message={message} />
      ))}
    </>
  );
}

/** Marks messages: a reader must know that they were kept. */
export function Captured() {
  return (
    <p class="captured">
      <span class="badge badge-warn">captured</span> Capturing the content of messages is switched on in the program.
      They may be private.
    </p>
  );
}

export function NotCaptured() {
  return (
    <p class="soft">
      Messages are not captured. To see them, set <code>captureContent: true</code> on <code>llm</code>, or{' '}
      <code>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true</code> in the environment of the program. They may
      be private.
    </p>
  );
}

function OneMessage({ message }: { readonly message: Message }) {
  return (
    <div
      class={`message role-${['system', 'user', 'assistant', 'tool'].includes(message.role) ? message.role : 'other'}`}
    >
      <div class="role">
        <Text of={message.role} length={60} />
      </div>
      {message.parts.map(({ type, text }, i) => (
        <div key={i}>
          {type !== 'text' && (
            <span class="soft">
              <Text of={type} length={60} />{' '}
            </span>
          )}
          <LongText text={text} shown={2_000} />
        </div>
      ))}
    </div>
  );
}
