import type { Redis } from 'ioredis';
import {
  ADD,
  BEAT,
  extended,
  FATES,
  FINISH,
  isMove,
  KEEP,
  type Limits,
  REPLY,
  REVIVE,
  STATS,
  TELL,
} from './scripts.ts';

const SCRIPTS = {
  ttaReply: { lua: REPLY, numberOfKeys: 2 },
  ttaKeep: { lua: KEEP, numberOfKeys: 2 },
  ttaTell: { lua: TELL, numberOfKeys: 2 },
  ttaStats: { lua: STATS, numberOfKeys: 6 },
  ttaBeat: { lua: BEAT, numberOfKeys: 1 },
  ttaFates: { lua: FATES, numberOfKeys: 1 },
  ttaRevive: { lua: REVIVE, numberOfKeys: 2 },
} as const;

type Arguments = readonly (string | number | Buffer)[];
type Command = (this: unknown, all: Arguments) => Promise<unknown>;

/** A client with our scripts as commands. */
export type Client = Redis & { readonly [Name in keyof typeof SCRIPTS]: (...all: Arguments) => Promise<unknown> };

export function withCommands(client: Redis): Client {
  for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
  return client as Client;
}

export interface Extension {
  readonly limits: Limits;
  readonly jobs?: JobSteps;
}

/** What a worker adds where BullMQ starts a job and ends it. */
export interface JobSteps {
  /** Sees the fields of a job that is started, and gives those that BullMQ gets in their place. */
  arrive(id: string, fields: readonly unknown[]): string[];
  /** Ends a job by `end`, in one step with a reply: the address of its inbox, and the message. */
  finish(id: string, end: (reply?: readonly [to: string, body: Buffer]) => Promise<unknown>): Promise<unknown>;
}

/** Extends the scripts that BullMQ will define on this client. Returns whether the one that adds a job was among them. */
export function extendBullmq(client: Client, { limits, jobs }: Extension): () => boolean {
  const define = client.defineCommand;
  let isExtended = false;
  client.defineCommand = (command, definition) => {
    const name = command.split(':')[0] ?? '';
    define.call(client, command, { ...definition, lua: extended(name, definition.lua, limits) });
    if (name === ADD) isExtended = true;
    if (jobs === undefined || !isMove(name)) return;
    const commands = client as unknown as Record<string, Command>;
    const run = commands[command] as Command;
    const { numberOfKeys = 0 } = definition;
    commands[command] = async (all) => {
      const end = (reply: Arguments = []) => run.call(client, [...all, ...reply]);
      const answer = await (name === FINISH ? jobs.finish(String(all[numberOfKeys]), end) : end());
      if (!Array.isArray(answer) || !Array.isArray(answer[0])) return answer;
      const [fields, id, ...more] = answer;
      return [jobs.arrive(String(id), fields), id, ...more];
    };
  };
  return () => isExtended;
}

/** ioredis sends a `Buffer` as it is, and makes a text of other bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
