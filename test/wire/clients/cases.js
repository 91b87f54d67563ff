/** What is asked of each client: a fault for each request in turn, the options of the client, and what to do. */

async function all(running, { limit = Infinity } = {}) {
  const chunks = [];
  const stream = await running;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (chunks.length >= limit) break;
    }
  } catch (error) {
    // What came before the error is a part of the result.
    return { chunks, error };
  }
  return { chunks };
}

/** Leaves at the first chunk that is a part of the reply. How many more come before the end is chance, with any client. */
async function allUntil(running, { isReply = () => true, leave }) {
  const first = [];
  let last;
  let hasLeft = false;
  try {
    for await (const chunk of await running) {
      last = chunk.type;
      if (hasLeft) continue;
      first.push(chunk);
      if (!isReply(chunk)) continue;
      hasLeft = true;
      leave();
    }
  } catch (error) {
    return { first, error };
  }
  return { first, last };
}

/** Aborts by a signal, or as the client does. */
function leaving(adapter, client) {
  const controller = new AbortController();
  const { signal } = controller;
  const leave = adapter.abort === undefined ? () => controller.abort() : () => adapter.abort(client);
  return { options: { signal }, leave };
}

const RETRY = { kind: 'rate_limit', retryAfterMs: 20 };

export function casesFor(adapter) {
  const { abort, create, stream, tool, structured, embed, more = {} } = adapter;
  const { isReply, withoutTries, withoutLimit, breakWaits } = adapter;
  const cases = {
    'an answer': { run: (client) => create(client) },
    'a stream': { run: (client) => all(stream(client)) },
    'an abort in a stream': {
      faults: ['stall'],
      run: (client) => {
        const { options, leave } = leaving(adapter, client);
        return allUntil(stream(client, options), { isReply, leave });
      },
    },
    'status 429': { faults: [RETRY], run: (client) => create(client) },
    'status 429 for a stream': { faults: [RETRY], run: (client) => all(stream(client)) },
    'status 500': { faults: ['error'], run: (client) => create(client) },
    'an answer that is cut': { faults: ['cut'], run: (client) => create(client) },
    'a stream that is cut': { faults: ['cut'], run: (client) => all(stream(client)) },
    'an error in a stream': { faults: ['error_event'], run: (client) => all(stream(client)) },
    'two answers at once': { run: (client) => Promise.all([create(client), create(client)]) },
  };
  if (!breakWaits) {
    cases['a stream that is left'] = { faults: ['stall'], run: (client) => all(stream(client), { limit: 1 }) };
  }
  // Ollama aborts streams only, once they have begun.
  if (abort === undefined) {
    cases['an abort during the wait'] = {
      faults: ['hang'],
      run: (client, { requested }) => {
        const controller = new AbortController();
        requested().then(() => controller.abort());
        return create(client, { signal: controller.signal });
      },
    };
    cases['an abort before the call'] = { run: (client) => create(client, { signal: AbortSignal.abort() }) };
    cases['a reason of the caller'] = {
      faults: ['hang'],
      run: (client, { requested }) => {
        const controller = new AbortController();
        requested().then(() => controller.abort(new Error('enough')));
        return create(client, { signal: controller.signal });
      },
    };
    cases['a signal with a time limit'] = {
      faults: ['hang'],
      run: (client) => create(client, { signal: AbortSignal.timeout(150) }),
    };
  }
  if (!withoutTries) {
    cases['status 429, 429, then an answer'] = {
      faults: [RETRY, RETRY],
      client: { maxRetries: 2 },
      run: (client) => create(client),
    };
    cases['status 500, then a stream'] = {
      faults: ['error'],
      client: { maxRetries: 2 },
      run: (client) => all(stream(client)),
    };
  }
  if (!withoutTries && !withoutLimit) {
    cases['a time limit of the client'] = {
      faults: ['hang'],
      client: { timeout: 150 },
      run: (client) => create(client),
    };
  }
  if (tool) cases['a tool call'] = { run: (client) => tool(client) };
  if (structured) cases['an answer with a schema'] = { run: (client) => structured(client) };
  if (embed) cases['an embedding'] = { run: (client, { url }) => embed(client, url) };
  for (const [name, run] of Object.entries(more)) cases[name] = { run };
  return cases;
}
