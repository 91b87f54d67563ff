/** Calls of models. */
import { quantile, rate } from './measure.ts';
import type { PanelRow } from './panel.ts';
import { FIRST_CHUNK, failedCalls, MODEL, MODEL_DURATION, quantiles, REQUESTS } from './terms.ts';

export const MODEL_CALLS: readonly PanelRow[] = [
  {
    id: 'calls',
    title: 'Calls by model',
    description: 'Finished model calls per second.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: MODEL, measure: rate(REQUESTS) }],
  },
  {
    id: 'failed-calls',
    title: 'Failed calls',
    description:
      'The share of calls of each model that failed or took too long, without those that their caller, a race or a hedge ended. Each attempt of a retry is one call.',
    unit: 'share',
    shape: 'lines',
    lines: [{ name: MODEL, measure: failedCalls }],
  },
  {
    id: 'latency-by-model',
    title: 'Latency by model, p95',
    description: 'Of 100 calls of each model, 95 take this time or less.',
    unit: 'seconds',
    shape: 'lines',
    lines: [{ name: MODEL, measure: quantile(0.95, MODEL_DURATION) }],
  },
  {
    id: 'first-chunk',
    title: 'Time to the first chunk',
    description: 'Of streaming calls: how long a reader waits for the first words.',
    unit: 'seconds',
    shape: 'lines',
    lines: quantiles(FIRST_CHUNK, `${MODEL} `).slice(0, 2),
  },
  {
    id: 'input-tokens',
    title: 'Input tokens',
    description: 'Per second, also cached ones.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: MODEL, measure: rate('tta_llm_input_tokens_total') }],
  },
  {
    id: 'output-tokens',
    title: 'Output tokens',
    description: 'Per second, also for reasoning.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: MODEL, measure: rate('tta_llm_output_tokens_total') }],
  },
];
