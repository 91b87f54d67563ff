/**
 * Runs in a browser: draws panels with the components of Grafana, and says in the document what was drawn. The page has
 * set `globalThis.panels`. The packages are not those of this checkout: `browser.ts` bundles this file where they are.
 */
import * as data from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, TimeSeries } from '@grafana/ui';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const PROCESSORS = {
  ...{
    unit: data.unitOverrideProcessor,
    number: data.numberOverrideProcessor,
    identity: data.identityOverrideProcessor,
  },
  ...{ displayName: data.displayNameOverrideProcessor, valueMappings: data.valueMappingsOverrideProcessor },
  thresholds: data.thresholdsOverrideProcessor,
};
const theme = data.createTheme();
const context = { theme, timeZone: 'utc', replaceVariables: (text) => text };
const { panels, settings } = globalThis;
const setting = (id, path, processor, isCustom) => {
  return { id, path, name: id, process: PROCESSORS[processor], isCustom, shouldApply: () => true };
};
data.standardFieldConfigEditorRegistry.setInit(() =>
  Object.entries(settings).map(([id, processor]) => setting(id, id, processor, false)),
);
/** The settings of a kind of panel itself, such as the width of lines. */
const registryOf = ({ defaults }) =>
  new data.Registry(() => [
    ...data.standardFieldConfigEditorRegistry.list(),
    ...Object.keys(defaults.custom ?? {}).map((name) => setting(`custom.${name}`, name, 'identity', true)),
  ]);

const size = { width: 600, height: 260 };

function drawing({ type, options, fieldConfig, frames, from, to }) {
  const fieldConfigRegistry = registryOf(fieldConfig);
  const shown = data.applyFieldOverrides({
    ...context,
    ...{ fieldConfig, fieldConfigRegistry },
    data: frames.map((frame) => data.toDataFrame(frame)),
  });
  if (type === 'timeseries') {
    const timeRange = { from: data.dateTime(from), to: data.dateTime(to), raw: {} };
    return createElement(TimeSeries, { ...size, frames: shown, timeRange, timeZone: 'utc', ...options });
  }
  const { reduceOptions } = options;
  const values = data.getFieldDisplayValues({ ...context, data: shown, fieldConfig, reduceOptions, sparkline: true });
  return values.map(({ display: value, sparkline, field }, key) => {
    const props = { ...options, theme, value, key, sparkline, field, width: 300, height: type === 'stat' ? 120 : 40 };
    return createElement(type === 'stat' ? BigValue : BarGauge, { ...props, justifyMode: 'auto', textMode: 'auto' });
  });
}

const boxes = panels.map((panel) => createElement('section', { id: panel.key, key: panel.key }, drawing(panel)));
createRoot(document.body).render(
  createElement(data.ThemeContext.Provider, { value: theme }, createElement(GlobalStyles), boxes),
);

/** The number of pixels with a colour: lines and areas, and not the grey of the grid and its texts. */
function colouredPixels(canvas) {
  const { data: pixels } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const rgb = pixels.subarray(i, i + 3);
    if (pixels[i + 3] > 0 && Math.max(...rgb) - Math.min(...rgb) > 40) count += 1;
  }
  return count;
}

// The components draw in later turns. The browser's clock does not run meanwhile.
setTimeout(() => {
  const drawn = panels.map(({ key }) => {
    const box = document.getElementById(key);
    const coloured = [...box.querySelectorAll('canvas')].map(colouredPixels);
    return { key, text: box.innerText, coloured: coloured.reduce((sum, each) => sum + each, 0) };
  });
  document.title = JSON.stringify(drawn);
}, 3_000);
