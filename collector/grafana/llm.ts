import { board, choiceOf } from './board.ts';
import { bars, figure, graph, heat, type PanelOptions } from './panels.ts';
import { increase, quantile, rate, sum } from './promql.ts';
import { NEUTRAL, NONE_WANTED } from './thresholds.ts';

const CHOSEN = 'model=~"$model"';
const COST = 'tta_llm_cost_total';
const REQUESTS = 'tta_llm_requests_total';
const DURATION = 'tta_llm_request_duration_seconds';
const FIRST_CHUNK = 'tta_llm_time_to_first_chunk_seconds';
const INPUT = 'tta_llm_input_tokens_total';
const OUTPUT = 'tta_llm_output_tokens_total';
const CACHED = 'tta_llm_cached_input_tokens_total';

const grown = (metric: string, by = '', ...more: readonly string[]) =>
  sum(by, increase('$__range', metric, CHOSEN, ...more));
const late = (metric: string, by = '', ...more: readonly string[]) => sum(by, rate(metric, CHOSEN, ...more));
const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });
const MODEL = '{{model}}';

export const llm = board({
  uid: 'tta-llm',
  title: 'TTA / LLM Cost and Tokens',
  description: 'What model calls cost, what they use, how they answer.',
  choices: [choiceOf('model', 'Model', REQUESTS, 'model')],
  rows: [
    [
      'In the time shown',
      [
        figure({
          title: 'Cost',
          description: 'Dollars spent on the chosen models.',
          unit: 'currencyUSD',
          queries: [[grown(COST), 'cost']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        figure({
          title: 'Cost in 30 days',
          description: 'What a month costs if it goes on as in the time shown. Choose a typical time.',
          unit: 'currencyUSD',
          queries: [[`30 * 86400 / $__range_s * ${grown(COST)}`, 'month']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        figure({
          title: 'Calls',
          description: 'Finished model calls.',
          unit: 'short',
          decimals: 0,
          queries: [[grown(REQUESTS), 'calls']],
          thresholds: NEUTRAL,
        }),
        figure({
          title: 'Cost of 1,000 calls',
          description: 'Dollars per thousand model calls.',
          unit: 'currencyUSD',
          queries: [[`1000 * ${grown(COST)} / ${grown(REQUESTS)}`, 'per 1,000']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        figure({
          title: 'Input from the cache',
          description: "The share of input tokens that came from the provider's cache, which costs a fraction.",
          unit: 'percentunit',
          queries: [[`${grown(CACHED)} / ${grown(INPUT)}`, 'cached']],
          thresholds: NEUTRAL,
        }),
        figure({
          title: 'Calls without a price',
          description:
            'Answered calls that no price is known for: the cost shown is too low by theirs. Add their prices.',
          unit: 'short',
          decimals: 0,
          queries: [[grown('tta_llm_unpriced_requests_total'), 'unpriced']],
          thresholds: NONE_WANTED,
        }),
      ],
    ],
    [
      'Cost',
      [
        graph({
          title: 'Cost per hour by model',
          description: 'Dollars per hour at the rate of each moment.',
          unit: 'currencyUSD',
          queries: [[`3600 * ${late(COST, 'model')}`, MODEL]],
          width: 8,
          stacked: true,
        }),
        bars({
          title: 'Cost by model and provider',
          description: 'Dollars in the time shown.',
          unit: 'currencyUSD',
          decimals: 2,
          queries: [[`sort_desc(${grown(COST, 'model, provider')})`, '{{model}} ({{provider}})']],
          width: 8,
          thresholds: NEUTRAL,
        }),
        bars({
          title: 'Cost by workflow',
          description:
            'The same dollars, of all models, by the outermost workflow that spent them; __none__ is outside of any.',
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
    [
      'Tokens',
      [
        third({
          title: 'Input tokens',
          description: 'Per second, cached ones included.',
          unit: 'short',
          queries: [[late(INPUT, 'model'), MODEL]],
        }),
        third({
          title: 'Output tokens',
          description: 'Per second, reasoning included.',
          unit: 'short',
          queries: [[late(OUTPUT, 'model'), MODEL]],
        }),
        third({
          title: 'Tokens of one call',
          description: 'Input and output of the average call. Input that grows is a history that nobody cuts.',
          unit: 'short',
          queries: [
            [`${late(INPUT)} / ${late(REQUESTS)}`, 'input'],
            [`${late(OUTPUT)} / ${late(REQUESTS)}`, 'output'],
          ],
        }),
        third({
          title: 'Input read from the cache',
          description: "The share of each model's input tokens that the provider had cached.",
          unit: 'percentunit',
          queries: [[`${late(CACHED, 'model')} / ${late(INPUT, 'model')}`, MODEL]],
          max: 1,
        }),
        third({
          title: 'Input written to the cache',
          description: "Tokens per second written to the provider's cache. More written than read: it does not pay.",
          unit: 'short',
          queries: [[late('tta_llm_cache_write_tokens_total', 'model'), MODEL]],
        }),
        third({
          title: 'Output spent on reasoning',
          description: 'The share of output tokens that nobody reads.',
          unit: 'percentunit',
          queries: [[`${late('tta_llm_reasoning_tokens_total', 'model')} / ${late(OUTPUT, 'model')}`, MODEL]],
          max: 1,
        }),
      ],
    ],
    [
      'Calls',
      [
        third({
          title: 'Calls by model',
          description: 'Finished model calls per second.',
          unit: 'reqps',
          queries: [[late(REQUESTS, 'model'), MODEL]],
        }),
        third({
          title: 'Failed calls',
          description: 'The share of calls of each model that failed, each try of a retry by itself.',
          unit: 'percentunit',
          queries: [[`${late(REQUESTS, 'model', 'status="failure"')} / ${late(REQUESTS, 'model')}`, MODEL]],
          max: 1,
        }),
        third({
          title: 'Calls without a price',
          description: 'Answered calls per second that no price is known for. They never count as 0 dollars.',
          unit: 'reqps',
          queries: [[late('tta_llm_unpriced_requests_total', 'model, provider'), '{{model}} ({{provider}})']],
        }),
        third({
          title: 'Latency by model, p95',
          description: 'Wall time of 95 of 100 calls of each model.',
          unit: 's',
          queries: [[quantile(0.95, 'model', DURATION, CHOSEN), MODEL]],
        }),
        third({
          title: 'Time to the first chunk',
          description: 'Of streaming calls: what a reader waits before something appears.',
          unit: 's',
          queries: [
            [quantile(0.5, 'model', FIRST_CHUNK, CHOSEN), '{{model}} p50'],
            [quantile(0.95, 'model', FIRST_CHUNK, CHOSEN), '{{model}} p95'],
          ],
        }),
        heat({
          title: 'Where durations fall',
          description: 'How many calls of the chosen models took how long.',
          unit: 's',
          queries: [[sum('le', increase('$__rate_interval', `${DURATION}_bucket`, CHOSEN)), '{{le}}']],
          width: 8,
        }),
      ],
    ],
  ],
});
