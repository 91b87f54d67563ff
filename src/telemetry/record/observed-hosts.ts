import { ATTR, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';

const observedHosts = new SeriesTable(INSTRUMENT.observedHosts, 'gauge', {}, [
  ATTR.observerMode,
  ATTR.serverAddress,
  ATTR.genAiProvider,
]);

/** All hosts of the providers that the package knows. */
export const KNOWN_HOSTS = '__known__';
/** Every host, as in the mode `all`. */
export const ANY_HOST = '__any__';

/** A host whose model calls are observed from now on. Returns a function that says when it ends. */
export function hostObserved(mode: string, host: string, provider: string): () => void {
  const series = observedHosts.series(mode, host, provider);
  series.value = 1;
  return () => {
    series.value = 0;
  };
}
