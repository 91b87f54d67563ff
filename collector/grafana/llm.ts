import { createDashboard, labelVariable } from './dashboard.ts';
import { moneyRows } from './money-rows.ts';
import { barGauge, heatmap, type PanelOptions, rangeStat, timeSeries } from './panels.ts';
import { billed, bucketCounts, IMAGINARY_COST, increase, quantile, rate, sum } from './queries.ts';
import { NEUTRAL, RED_ABOVE_ZERO } from './thresholds.ts';

const SELECTED_MODELS = 'model=~"$model"';
const COST = 'tta_llm_cost_total';
const REQUESTS = 'tta_llm_requests_total';
const OUTCOMES = 'tta_llm_outcomes_total';
const DURATION = 'tta_llm_request_duration_seconds';
const FIRST_CHUNK = 'tta_llm_time_to_first_chunk_seconds';
const INPUT = 'tta_llm_input_tokens_total';
const OUTPUT = 'tta_llm_output_tokens_total';
const CACHED = 'tta_llm_cached_input_tokens_total';

const modelIncrease = (metric: string, by = '', ...more: readonly string[]) =>
  sum(by, increase('$__range', metric, SELECTED_MODELS, ...more));
const modelRate = (metric: string, by = '', ...more: readonly string[]) =>
  sum(by, rate(metric, SELECTED_MODELS, ...more));
const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });
const MODEL = '{{model}}';
const costInTheTimeShown = billed((...only) => modelIncrease(COST, '', ...only));

export const llm = createDashboard({
  uid: 'tta-llm',
  title: 'TTA / LLM Cost and Tokens',
  description: 'The cost of model calls and where it went, budgets, tokens, failures and latencies.',
  variables: [labelVariable('model', 'Model', REQUESTS, 'model')],
  rows: [
    [
      'In the time shown',
      [
        rangeStat({
          title: 'Cost',
          description: `Dollars spent on the selected models. ${IMAGINARY_COST}`,
          unit: 'currencyUSD',
          queries: [[costInTheTimeShown, 'cost']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        rangeStat({
          title: 'Cost in 30 days',
          description: 'The cost of a month at the mean rate of the time shown. Choose a typical time.',
          unit: 'currencyUSD',
          queries: [[`30 * 86400 / $__range_s * ${costInTheTimeShown}`, 'month']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        rangeStat({
          title: 'Calls',
          description: 'Finished model calls.',
          unit: 'short',
          decimals: 0,
          queries: [[modelIncrease(REQUESTS), 'calls']],
          thresholds: NEUTRAL,
        }),
        rangeStat({
          title: 'Cost of 1,000 calls',
          description: 'Dollars per thousand model calls.',
          unit: 'currencyUSD',
          queries: [
            [
              `1000 * ${billed((...only) => `${modelIncrease(COST, '', ...only)} / ${modelIncrease(REQUESTS, '', ...only)}`)}`,
              'per 1,000',
            ],
          ],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        rangeStat({
          title: 'Input from the cache',
          description: "The share of input tokens read from the provider's cache. They cost less than other input.",
          unit: 'percentunit',
          queries: [[`${modelIncrease(CACHED)} / ${modelIncrease(INPUT)}`, 'cached']],
          thresholds: NEUTRAL,
        }),
        rangeStat({
          title: 'Calls without a cost',
          description:
            'Calls that the cost does not include, so that it is too low. Unpriced: add the price of the model. Unmetered: the tokens are unknown; read streams to their end.',
          unit: 'short',
          decimals: 0,
          queries: [
            [modelIncrease('tta_llm_unpriced_requests_total'), 'unpriced'],
            [modelIncrease('tta_llm_unmetered_requests_total'), 'unmetered'],
          ],
          thresholds: RED_ABOVE_ZERO,
        }),
      ],
    ],
    [
      'Cost',
      [
        timeSeries({
          title: 'Cost per hour by model',
          description: 'Dollars per hour at the rate of each moment.',
          unit: 'currencyUSD',
          queries: [[`3600 * ${modelRate(COST, 'model')}`, MODEL]],
          width: 8,
          stacked: true,
        }),
        barGauge({
          title: 'Cost by model and provider',
          description: 'Dollars in the time shown.',
          unit: 'currencyUSD',
          decimals: 2,
          queries: [[`sort_desc(${modelIncrease(COST, 'model, provider')})`, '{{model}} ({{provider}})']],
          width: 8,
          thresholds: NEUTRAL,
        }),
        barGauge({
          title: 'Cost by workflow',
          description: 'Dollars of all models by outermost workflow; __none__ is for calls outside of a workflow.',
          unit: 'currencyUSD',
          decimals: 2,
          queries: [
            [
              `sort_desc(${sum('workflow_name', increase('$__range', 'tta_workflow_llm_cost_total'))})`,
              '{{workflow_name}}',
            ],
          ],
          width: 8,
          thresholds: NEUTRAL,
        }),
      ],
    ],
    ...moneyRows,
    [
      'Tokens',
      [
        narrowTimeSeries({
          title: 'Input tokens',
          description: 'Per second, also cached ones.',
          unit: 'short',
          queries: [[modelRate(INPUT, 'model'), MODEL]],
        }),
        narrowTimeSeries({
          title: 'Output tokens',
          description: 'Per second, also for reasoning.',
          unit: 'short',
          queries: [[modelRate(OUTPUT, 'model'), MODEL]],
        }),
        narrowTimeSeries({
          title: 'Tokens of one call',
          description: 'Mean input and output of a call. If the input grows, a conversation is never shortened.',
          unit: 'short',
          queries: [
            [`${modelRate(INPUT)} / ${modelRate(REQUESTS)}`, 'input'],
            [`${modelRate(OUTPUT)} / ${modelRate(REQUESTS)}`, 'output'],
          ],
        }),
        narrowTimeSeries({
          title: 'Input read from the cache',
          description: "The share of each model's input tokens that came from the provider's cache.",
          unit: 'percentunit',
          queries: [[`${modelRate(CACHED, 'model')} / ${modelRate(INPUT, 'model')}`, MODEL]],
          max: 1,
        }),
        narrowTimeSeries({
          title: 'Input written to the cache',
          description:
            "Tokens per second written to the provider's cache. If more are written than read, the cache saves no money.",
          unit: 'short',
          queries: [[modelRate('tta_llm_cache_write_tokens_total', 'model'), MODEL]],
        }),
        narrowTimeSeries({
          title: 'Output spent on reasoning',
          description: 'The share of output tokens that are not part of the answer.',
          unit: 'percentunit',
          queries: [[`${modelRate('tta_llm_reasoning_tokens_total', 'model')} / ${modelRate(OUTPUT, 'model')}`, MODEL]],
          max: 1,
        }),
      ],
    ],
    [
      'Calls',
      [
        narrowTimeSeries({
          title: 'Calls by model',
          description: 'Finished model calls per second.',
          unit: 'reqps',
          queries: [[modelRate(REQUESTS, 'model'), MODEL]],
        }),
        narrowTimeSeries({
          title: 'Failed calls',
          description:
            'The share of calls of each model that failed or took too long, without those that their caller, a race or a hedge ended. Each attempt of a retry is one call.',
          unit: 'percentunit',
          queries: [
            [
              `${modelRate(OUTCOMES, 'model', 'outcome=~"failure|timeout"')} / ${modelRate(OUTCOMES, 'model', 'outcome=~"success|failure|timeout"')}`,
              MODEL,
            ],
          ],
          max: 1,
        }),
        narrowTimeSeries({
          title: 'Calls without a cost',
          description: 'Calls per second whose price or whose tokens are unknown. The cost does not include them.',
          unit: 'reqps',
          queries: [
            [modelRate('tta_llm_unpriced_requests_total', 'model, provider'), 'unpriced: {{model}} ({{provider}})'],
            [modelRate('tta_llm_unmetered_requests_total', 'model, provider'), 'unmetered: {{model}} ({{provider}})'],
          ],
        }),
        narrowTimeSeries({
          title: 'Latency by model, p95',
          description: 'Of 100 calls of each model, 95 take this time or less.',
          unit: 's',
          queries: [[quantile(0.95, 'model', DURATION, SELECTED_MODELS), MODEL]],
        }),
        narrowTimeSeries({
          title: 'Time to the first chunk',
          description: 'Of streaming calls: how long a reader waits for the first words.',
          unit: 's',
          queries: [
            [quantile(0.5, 'model', FIRST_CHUNK, SELECTED_MODELS), '{{model}} p50'],
            [quantile(0.95, 'model', FIRST_CHUNK, SELECTED_MODELS), '{{model}} p95'],
          ],
        }),
        heatmap({
          title: 'Where durations fall',
          description: 'The number of calls of the selected models by duration.',
          unit: 's',
          queries: [[bucketCounts(DURATION, SELECTED_MODELS), '{{le}}']],
          width: 8,
        }),
      ],
    ],
  ],
});
