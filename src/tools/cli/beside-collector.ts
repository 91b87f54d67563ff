/** The lines that add Studio to a collector. They are a pipeline of their own: nothing of its configuration is changed. */
export function collectorLines(url: string): string {
  return `exporters:
  otlphttp/studio:
    endpoint: ${url}
service:
  pipelines:
    traces/studio:
      receivers: [otlp]
      exporters: [otlphttp/studio]`;
}

/** For a person whose collector, or other program, has the port. */
export function besideCollector(port: number, url: string): string {
  return `Another program has port ${port}, so Studio is at ${url}. If that is a collector, it sends its spans to Studio too
with these lines in a file of their own: --config YOURS.yaml --config studio.yaml

${collectorLines(url)}
`;
}
