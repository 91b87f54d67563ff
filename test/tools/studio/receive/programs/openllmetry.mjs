// Calls models with OpenLLMetry for JavaScript. Arguments: endpoint of OTLP, base URL of the models.
import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';

const [endpoint, models] = process.argv.slice(2);
traceloop.initialize({
  baseUrl: endpoint,
  apiKey: 'none',
  appName: 'openllmetry',
  disableBatch: true,
  instrumentModules: { openAI: OpenAI },
  silenceInitializationMessage: true,
});
const client = new OpenAI({ baseURL: models, apiKey: 'offline', maxRetries: 0 });
const ask = (content) => client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
await traceloop.withAssociationProperties({ session_id: 's-9', tenant: 'acme' }, () =>
  traceloop.withWorkflow({ name: 'joke' }, async () => {
    await traceloop.withTask({ name: 'make' }, () => ask('a joke about foxes'));
    await traceloop.withTool({ name: 'lookup' }, async () => 'x');
  }),
);
await traceloop.forceFlush();
process.exit();
