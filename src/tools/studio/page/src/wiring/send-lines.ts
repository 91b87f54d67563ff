/** Lines that send spans here, to copy. */

export interface SendLines {
  readonly title: string;
  readonly lines: string;
}

export function sendLines(url: string): readonly SendLines[] {
  const endpoint = `OTEL_EXPORTER_OTLP_ENDPOINT=${url}`;
  const protocol = 'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf';
  // Studio takes no metrics and logs, which these would send too.
  const tracesOnly = 'OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none';
  const started = (command: string) =>
    [endpoint, protocol, tracesOnly].map((each) => `${each} \\\n`).join('') + command;
  return [
    {
      title: 'Node.js with tta-primitives',
      lines: `${endpoint} OTEL_BSP_SCHEDULE_DELAY=500 \\\nnode --import tta-primitives/register app.js`,
    },
    {
      title: 'Any Node.js program',
      lines: [
        'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node',
        started('node --import @opentelemetry/auto-instrumentations-node/register app.js'),
      ].join('\n'),
    },
    {
      title: 'Python',
      lines: [
        'pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http',
        'opentelemetry-bootstrap -a install',
        started('opentelemetry-instrument python app.py'),
      ].join('\n'),
    },
    { title: 'Vercel AI SDK, to version 6: in each call', lines: 'experimental_telemetry: { isEnabled: true }' },
    { title: 'Any program with OTLP', lines: `export ${endpoint}\nexport ${protocol}` },
    {
      title: 'One span by hand',
      lines: [
        `curl ${url}/v1/traces -H 'content-type: application/json' -d '`,
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"hello",',
        `"traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'",`,
        `"startTimeUnixNano":"'$(date +%s)000000000'","endTimeUnixNano":"'$(date +%s)500000000'"}]}]}]}'`,
      ].join('\n'),
    },
  ];
}
