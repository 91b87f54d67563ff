/** The formats in which the metrics are written. */

/** `text` is the text format 0.0.4 of Prometheus, `openmetrics` is OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  // Without the charset some clients decode labels as Latin-1.
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The text of a scrape in UTF-8, in parts; perhaps compressed. */
export type Parts = readonly Buffer[];
