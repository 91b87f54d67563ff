# Calls models with OpenAI's client under an instrumentation. Arguments: its package, endpoint of OTLP, base URL of the models.
import importlib
import sys

from openai import OpenAI
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

package, endpoint, models = sys.argv[1:4]
provider = TracerProvider(resource=Resource.create({"service.name": "python"}))
exporter = OTLPSpanExporter(endpoint=endpoint + "/v1/traces", compression=Compression.Gzip)
provider.add_span_processor(BatchSpanProcessor(exporter))
importlib.import_module(package).OpenAIInstrumentor().instrument(tracer_provider=provider)
client = OpenAI(base_url=models, api_key="offline", max_retries=0)
tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
with provider.get_tracer("my-program").start_as_current_span("answer a question"):
    messages = [{"role": "system", "content": "be short"}, {"role": "user", "content": "use weather for Paris"}]
    client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)
    more = {"stream": True, "stream_options": {"include_usage": True}}
    for _ in client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "a long joke"}], **more):
        pass
    broken = OpenAI(base_url="http://127.0.0.1:1/v1", api_key="none", max_retries=0)
    try:
        broken.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "fail"}])
    except Exception:
        pass
provider.shutdown()
