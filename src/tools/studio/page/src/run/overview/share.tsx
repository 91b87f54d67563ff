import type { ComponentChildren } from 'preact';

export interface ShareProps {
  /** From 0 to 1. */
  readonly share: number;
  readonly value: string;
  readonly class: string;
  readonly children: ComponentChildren;
}

/** A part of a whole: a name, a value, and a bar as long as its share. */
export function Share({ share, value, class: name, children }: ShareProps) {
  return (
    <li class={name}>
      <span class="name">{children}</span>
      <span class="value">{value}</span>
      <i style={{ width: `${Math.min(100, share * 100)}%` }} />
    </li>
  );
}
