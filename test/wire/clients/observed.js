/** Observes the calls of one run, and tells what was counted since it was asked last. */
/** Dollars per million tokens, the same for all models. */
const PRICE = { input: 2, output: 8 };

export async function observe(load, { provider, models, url }) {
  const { startTestTelemetry } = await load('testing/index.js');
  const { observeBedrock, observeModelCalls } = await load('index.js');
  const telemetry = startTestTelemetry();
  const prices = Object.fromEntries(models.map((model) => [model, PRICE]));
  const undo = observeModelCalls({ hosts: { [new URL(url).host]: provider }, prices });
  let before = new Map();

  async function samples() {
    const now = new Map();
    for (const line of (await telemetry.scrapeText()).split('\n')) {
      const [, key, value] = /^(tta_llm_\w+?\{.*\}) (\S+)$/.exec(line) ?? [];
      if (key !== undefined && !/_bucket\{|_seconds/.test(key)) now.set(key, Number(value));
    }
    return now;
  }

  const total = (found) => {
    let sum = 0;
    for (const [key, value] of found) if (key.startsWith('tta_llm_requests_total')) sum += value;
    return sum;
  };

  return {
    client: (client) => observeBedrock(client, { prices }),
    /** A call that was left is counted a moment after its end. */
    async counted(calls, sleep) {
      let now = await samples();
      for (let tries = 0; tries < 50 && total(now) - total(before) < calls; tries += 1) {
        await sleep(10);
        globalThis.gc();
        now = await samples();
      }
      const added = {};
      for (const [key, value] of now) {
        const more = value - (before.get(key) ?? 0);
        const name = key.slice(0, key.indexOf('{')) + (/status="\w+"/.exec(key)?.[0] ?? '');
        if (more !== 0) added[name] = (added[name] ?? 0) + more;
      }
      before = now;
      const spans = telemetry.spans().map(({ name, kind, status, attributes }) => ({ name, kind, status, attributes }));
      telemetry.clearSpans();
      return { added, spans };
    },
    stop: async () => {
      undo();
      await telemetry.stop();
    },
  };
}
