/** A name server that knows a few names, and programs that ask it and no other. */
import { createSocket } from 'node:dgram';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

const A = 1;
const NO_SUCH_NAME = 3;

/** Answers with all addresses of a name. @param address one of 127.0.0.0/8, whose port 53 is free */
export async function startNameServer(address: string, names: Readonly<Record<string, readonly string[]>>) {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address: from }) => {
    let end = 12;
    const labels: string[] = [];
    for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
      labels.push(query.toString('latin1', end + 1, end + 1 + length));
      end += 1 + length;
    }
    const question = query.subarray(12, end + 5);
    const known = names[labels.join('.')];
    const addresses = question.readUInt16BE(question.length - 4) === A ? (known ?? []) : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // A response, with recursion wished for and available.
    header.writeUInt16BE(0x8180 + (known === undefined ? NO_SUCH_NAME : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const answers = addresses.map((each) =>
      // The name of the question, A, IN, one second, four bytes.
      Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 1, 0, 4, ...each.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([header, question, ...answers]), port, from);
  });
  await new Promise<void>((done, fail) => {
    socket.once('error', fail).bind(53, address, done);
  });
  return { stop: () => new Promise<void>((done) => socket.close(() => done())) };
}

/** The path of a program that runs `program`, with its arguments, where `address` is the only name server. Needs root. */
export function askingOnly(address: string, program: string): string {
  const folder = tempFolder({
    'resolv.conf': `nameserver ${address}\noptions ndots:0\n`,
    run: `#!/bin/sh\nmount --bind "$(dirname "$0")/resolv.conf" /etc/resolv.conf && exec ${program} "$@"\n`,
    wrapped: `#!/bin/sh\nexec unshare --mount "$(dirname "$0")/run" "$@"\n`,
  });
  for (const name of ['run', 'wrapped']) chmodSync(join(folder, name), 0o755);
  return join(folder, 'wrapped');
}
