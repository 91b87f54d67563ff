import { systemClock } from '../../platform/clock.ts';
import { PEERS } from '../../platform/peers.ts';
import { startModelServer } from '../offline-model/model-server.ts';
import { print, printError, setVariable } from './print.ts';
import { stopOnSignals } from './stop-on-signals.ts';

export interface OfflineModelCommandOptions {
  readonly port: number;
  readonly chaos: boolean;
}

const ONE_DAY_MS = 86_400_000;

/** `tta offline-model`: serves the offline model until a signal. Only what a shell can read goes to stdout. */
export async function offlineModelCommand({ port, chaos }: OfflineModelCommandOptions): Promise<void> {
  const server = await startModelServer({ port, chaos, anyModel: true });
  const stop = stopOnSignals();
  print(setVariable('OPENAI_BASE_URL', server.baseURL));
  print(setVariable('OPENAI_API_KEY', 'offline'));
  printError(
    'Set these two where your program runs: the client of OpenAI wants a key, and this server takes any.\n' +
      'Every model name is answered with sentences of the last message. Nothing leaves this machine and nothing is paid.\n' +
      "For dollars name the provider whose prices count: openAICompatible({ model: 'gpt-4o', provider: 'openai' })",
  );
  if (!server.exactTokens) {
    const install = `npm install gpt-tokenizer@${PEERS['gpt-tokenizer'].tested}`;
    printError(`Tokens are estimated. To count them as gpt-4 does: ${install}`);
  }
  printError('Ctrl-C ends it');
  // The server itself does not keep the process alive.
  while (!stop.signal.aborted) await systemClock.sleep(ONE_DAY_MS, stop.signal).catch(() => {});
  await server.close();
  await stop.endProcess();
}
