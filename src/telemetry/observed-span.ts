import type { Attributes, AttributeValue, Span } from '@opentelemetry/api';
import { guarded } from './guard.ts';

/** The span of an observation as recorders see it: an error that the SDK or a span processor throws stays in it. */
export class ObservedSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  isRecording(): boolean {
    try {
      return this.#span.isRecording();
    } catch {
      return false;
    }
  }

  setAttribute(key: string, value: AttributeValue): void {
    guarded('a span takes no attribute', () => this.#span.setAttribute(key, value));
  }

  setAttributes(attributes: Attributes): void {
    guarded('a span takes no attributes', () => this.#span.setAttributes(attributes));
  }

  addEvent(name: string, attributes: Attributes): void {
    guarded('a span takes no event', () => this.#span.addEvent(name, attributes));
  }
}
