/** Jaeger as it is without a configuration: traces in memory. On other ports, with OTLP over HTTP as the only receiver. */

export interface JaegerPorts {
  readonly otlp: number;
  readonly query: number;
  readonly queryGrpc: number;
  readonly health: number;
  readonly metrics: number;
}

export function jaegerConfiguration(ports: JaegerPorts): string {
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  return JSON.stringify({
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 100_000 } } } },
      jaeger_query: { storage: { traces: 'memory' }, http: at(ports.query), grpc: at(ports.queryGrpc) },
      healthcheckv2: { use_v2: true, http: at(ports.health) },
    },
    receivers: { otlp: { protocols: { http: at(ports.otlp) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: {
        metrics: {
          readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: ports.metrics } } } }],
        },
        logs: { level: 'warn' },
      },
    },
  });
}
