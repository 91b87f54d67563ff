import { measure } from './measure.js';
import { measureScrapes } from './scrape.js';
import { startSdk } from './sdk.js';
import { QUEUE, settings } from './settings.js';

const [name = '', size] = process.argv.slice(2);
if (size !== undefined) {
  process.send?.({ results: await measureScrapes(Number(size)) });
} else if (name === QUEUE) {
  const { measureQueue } = await import('./queue.js');
  process.send?.({ results: await measureQueue((done) => process.send?.({ done })) });
} else {
  const setting = settings[name];
  if (setting === undefined)
    throw new Error(`there is no setting ${name}; there are ${Object.keys(settings).join(', ')}`);
  if (setting.sdk !== 'none') startSdk(setting.sdk === 'sampled');
  const results = await measure(await setting.cases(), (done) => process.send?.({ done }));
  process.send?.({ results });
}
process.disconnect();
