import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../../src/prometheus/parse.ts';
import { checkModelCalls } from '../../../src/tools/doctor/model-calls.ts';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { runDoctor, serveTexts } from './fixtures.ts';

const check = (text: string) =>
  Object.fromEntries(checkModelCalls(parseExposition(text)).map((finding) => [finding.check, finding]));

describe('the model calls', () => {
  it('are observed to the hosts that the program says', () => {
    const { models } = check(`
tta_llm_observed_hosts{mode="known",host="__known__",provider="__known__"} 1
tta_llm_observed_hosts{mode="known",host="litellm:4000",provider="litellm"} 1
tta_llm_observed_hosts{mode="known",host="gone:1",provider="gone"} 0
`);
    expect(models).toEqual({
      check: 'models',
      verdict: 'ok',
      detail: 'Calls over fetch are observed (known) to the hosts of all known providers, litellm:4000 (litellm)',
    });
  });

  it('are not observed when that is switched off', () => {
    const { models } = check('tta_llm_observed_hosts{mode="all",host="__any__",provider="__any__"} 0\n');
    expect(models).toMatchObject({ verdict: 'skipped', detail: expect.stringContaining('TTA_MODEL_CALLS is off') });
  });

  it('without a price say whether the host is one of your own', () => {
    const { prices, tokens, requests } = check(`
tta_llm_observed_hosts{mode="known",host="litellm:4000",provider="litellm"} 1
tta_llm_unpriced_requests_total{model="fast",provider="litellm"} 3
tta_llm_unpriced_requests_total{model="new",provider="openai"} 2
tta_llm_unpriced_requests_total{model="gpt-4o",provider="openai"} 0
`);
    expect(prices).toMatchObject({ verdict: 'warning', remedy: REMEDY.unpriced });
    expect(prices?.detail).toBe(
      'Calls without a price: 3 to fast of litellm (a host of your own, which has no price list), 2 to new of openai',
    );
    expect([tokens?.verdict, requests?.verdict]).toEqual(['ok', 'ok']);
  });

  it('without known tokens, and requests that are not read, are two things with two remedies', () => {
    const { tokens, requests } = check(`
tta_llm_unmetered_requests_total{model="gpt-4o",provider="openai"} 4
tta_llm_unmetered_requests_total{model="__unrecognised__",provider="openai"} 5
tta_llm_unmetered_requests_total{model="__unrecognised__",provider="groq"} 1
`);
    expect(tokens).toMatchObject({ verdict: 'warning', remedy: REMEDY.unmetered });
    expect(tokens?.detail).toBe('Calls without known tokens, and so without a cost: 4 to gpt-4o of openai');
    expect(requests).toMatchObject({ verdict: 'warning', remedy: REMEDY.unrecognised });
    expect(requests?.detail).toBe('Requests that are not read, and so without a cost: 5 to openai, 1 to groq');
  });

  it('are data and movement of a program that has no primitive', async () => {
    const at = (calls: number) => `tta_spans_lost_total{reason="shutdown"} 0
tta_llm_requests_total{model="gpt-4o",provider="openai",status="success"} ${calls}
`;
    const { data, movement } = await runDoctor(await serveTexts(at(1), at(3)));
    expect(data).toMatchObject({ verdict: 'ok', detail: '1 models have series, and no primitive has been built' });
    expect(movement).toMatchObject({ verdict: 'ok', detail: expect.stringMatching(/^2 model calls ended within/) });
  });
});
