import { type Exposition, parseExposition } from '../../../../src/prometheus/parse.ts';
import { createSamples } from '../../../../src/tools/studio/numbers/samples.ts';

/** A time at the beginning of a quarter of an hour. */
export const START = 1_700_000_100_000;

/** The lines of a scrape, as an object would have them. */
export function scrapeOf(values: Readonly<Record<string, number>>): Exposition {
  return parseExposition(
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
}

/** Samples in memory, and a program whose scrapes they take, in seconds after `START`. */
export function program(samples = createSamples({ retentionDays: 7 }), url = 'http://127.0.0.1:9464/metrics') {
  return {
    samples,
    at: (second: number, values: Readonly<Record<string, number>>) =>
      samples.take(url, scrapeOf(values), START + second * 1_000),
    /** The numbers of the seconds from one to another. */
    ask(from: number, to: number, points = 500) {
      const parameters = new URLSearchParams({
        from: `${START + from * 1_000}`,
        to: `${START + to * 1_000}`,
        points: `${points}`,
      });
      const answer = samples.answer(parameters, START + to * 1_000);
      return {
        answer,
        series: (id: string) => answer.panels.find((panel) => panel.id === id)?.series ?? [],
        total: (id: string) => answer.panels.find((panel) => panel.id === id)?.series[0]?.total ?? null,
        table: (id: string) => answer.tables.find((table) => table.id === id)?.rows ?? [],
      };
    },
  };
}
