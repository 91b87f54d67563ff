/** Dark or light: as the system has it, unless the reader chose one. */
import { computed, effect, signal } from '@preact/signals';
import { keepChoice, readChoice } from './browser.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEPT_AS = 'studio-theme';

export const theme = signal<Theme>(THEMES.find((each) => each === readChoice(KEPT_AS)) ?? 'system');

const systemIsDark = followMedia('(prefers-color-scheme: dark)');

/** For what is drawn on a canvas, which has no style sheet. */
export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'));

export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    keepChoice(KEPT_AS, theme.value === 'system' ? null : theme.value);
  });
}

/** Whether a media query holds now. */
export function followMedia(condition: string) {
  const media = matchMedia(condition);
  const holds = signal(media.matches);
  media.addEventListener('change', () => {
    holds.value = media.matches;
  });
  return holds;
}
