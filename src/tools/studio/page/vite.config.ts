import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  // JSX without a plugin: nothing else of one is needed in a build.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    emptyOutDir: true,
    // No data: addresses, and no script that is not a file: the page's policy forbids both.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // On a slow machine it would say how slow it was.
    rolldownOptions: { checks: { pluginTimings: false } },
    // The licences of what is bundled go with it.
    license: { fileName: 'licenses.md' },
  },
});
