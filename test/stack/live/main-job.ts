/** The main job as an application of a live stack: `tta digest` over a folder of texts, again and again. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Program } from '../../support/program.ts';
import type { LiveStack } from './live-stack.ts';

const TTA = resolve(import.meta.dirname, '../../../dist/src/tools/cli/tta.js');

export interface MainJobOptions {
  /** The name of its log and of its folder. @default 'digest' */
  readonly name?: string;
  /** Its port for metrics. */
  readonly port: number;
  /** The name of the service, the label `job` of its series. @default 'tta-primitives' */
  readonly service?: string;
  readonly chaos?: boolean;
  /** Seconds between two runs. @default 5 */
  readonly every?: number;
  /** How many files it digests. @default 12 */
  readonly files?: number;
}

export interface MainJob {
  readonly program: Program;
  /** Gives one of its files another text, which no cache knows. */
  change(file: number): Promise<void>;
}

export async function startMainJob(stack: LiveStack, options: MainJobOptions): Promise<MainJob> {
  const { name = 'digest', port, service = 'tta-primitives', chaos = false, every = 5, files = 12 } = options;
  const folder = join(stack.folder, 'texts', name);
  await mkdir(folder, { recursive: true });
  let edition = 0;
  const change = (file: number) => {
    edition += 1;
    const text = `Foxes and dogs of ${name} in file ${file}, edition ${edition}. `.repeat(100 + file);
    return writeFile(join(folder, `${file}.md`), `# File ${file}\n\n${text}\n`);
  };
  for (let file = 0; file < files; file += 1) await change(file);
  const program = await stack.run(name, {
    command: process.execPath,
    args: [
      ...[
        TTA,
        'digest',
        folder,
        '--out',
        join(stack.folder, `${name}-digest.md`),
        '--every',
        String(every),
        '--offline',
      ],
      ...(chaos ? ['--chaos'] : []),
    ],
    env: applicationEnvironment(stack, { port, service }),
    readyUrl: `http://127.0.0.1:${port}/metrics`,
  });
  return { program, change };
}

/** The environment of an application of the stack, without the settings of this machine. */
export function applicationEnvironment(
  stack: LiveStack,
  { port, service }: { port: number; service: string },
): NodeJS.ProcessEnv {
  const foreign = /^(?:OTEL_|OPENAI_|TTA_|NODE_OPTIONS|NODE_V8|VITEST|INIT_CWD|npm_)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    ...stack.traceEnvironment,
    OTEL_SERVICE_NAME: service,
    OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
  };
}
