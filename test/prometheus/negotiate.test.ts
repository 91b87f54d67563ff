import { describe, expect, it } from 'vitest';
import { formatFor, wantsGzip } from '../../src/prometheus/negotiate.ts';

const OPENMETRICS = 'application/openmetrics-text';
const PROMETHEUS_2 = `${OPENMETRICS};version=1.0.0,${OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
const PROMETHEUS_3 =
  `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPENMETRICS};version=0.0.1;q=0.5,` +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const PROMETHEUS_3_PROTOBUF = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,${PROMETHEUS_3}`;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('the format of an answer', () => {
  it.each([
    PROMETHEUS_2,
    PROMETHEUS_3,
    PROMETHEUS_3_PROTOBUF,
    OPENMETRICS,
    'Application/OpenMetrics-Text; Version="1.0.0"; charset=utf-8',
    `${OPENMETRICS};q=0.001`,
    `text/plain;q=0.5, ${OPENMETRICS};q=0.6`,
    `*/*, ${OPENMETRICS}`,
    `text/*;q=1, ${OPENMETRICS};q=1.000`,
    `${OPENMETRICS}, text/plain`,
    `text/plain;version=1.0.0, ${OPENMETRICS};q=0.1`,
    `nonsense;;;q=, ${OPENMETRICS}`,
  ])('is OpenMetrics for %s', (accept) => {
    expect(formatFor(accept)).toBe('openmetrics');
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/*',
    'text/plain',
    'text/plain;version=0.0.4',
    BROWSER,
    'application/json',
    `${OPENMETRICS};q=0`,
    `${OPENMETRICS};q=0.000, */*`,
    `${OPENMETRICS};version=0.0.1`,
    `${OPENMETRICS};version=2.0.0, text/plain;q=0.1`,
    `text/plain, ${OPENMETRICS};q=0.9`,
    `text/plain, ${OPENMETRICS}`,
    `*/*, ${OPENMETRICS};q=0.9`,
    `${OPENMETRICS};q=high`,
    `${OPENMETRICS};q=-1`,
    `${OPENMETRICS};q=2`,
    `${OPENMETRICS};q=1e0`,
    `${OPENMETRICS};q=`,
    `text/plain;x="a, ${OPENMETRICS}"`,
    `x${OPENMETRICS}`,
    `"${OPENMETRICS}`,
    ',;=,;"',
    ','.repeat(16_000),
    'text/plain;'.repeat(1_400),
  ])('is the text format 0.0.4 for %s', (accept) => {
    expect(formatFor(accept)).toBe('text');
  });
});

describe('an answer', () => {
  it.each([
    'gzip',
    'GZIP',
    'gzip, deflate, br, zstd',
    'br;q=1.0, gzip;q=0.8, *;q=0.1',
    'gzip;q=0.001',
    'gzip;q=1, *;q=0',
  ])('is compressed for %s', (acceptEncoding) => {
    expect(wantsGzip(acceptEncoding)).toBe(true);
  });

  it.each([
    ...[undefined, '', '*', 'identity', 'deflate, br', 'gzip;q=0', 'gzip;q=0.0, *', 'gzip;q=x', 'xgzip', 'gzipped'],
    ...['identity, gzip;q=0.5', 'identity;q=0', '*;q=0', 'x="gzip"'],
  ])('is not compressed for %s', (acceptEncoding) => {
    expect(wantsGzip(acceptEncoding)).toBe(false);
  });
});
