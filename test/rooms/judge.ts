/** Finds the lines that are in the wrong room. */
import { lineOf, type Source } from './source.ts';
import { ROOMS, type Room, SEARCHES } from './table.ts';

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

function finding(path: string, line: number, rule: string, correction: string): Finding {
  return { path, line, rule, message: `${path}:${line} ${rule}. To correct this: ${correction}` };
}

/** Whether `target` is the file or package `entry`, or is inside the folder or scope `entry`. */
function covers(entry: string, target: string): boolean {
  if (entry.endsWith('/')) return target.startsWith(entry);
  if (entry.endsWith('*')) return target.startsWith(entry.slice(0, -1));
  return target === entry || (!entry.endsWith('.ts') && target.startsWith(`${entry}/`));
}

function mayImport({ where, may }: Room, target: string, typeOnly: boolean): boolean {
  const allowed = may.flatMap((entry) => (entry.startsWith('type ') ? (typeOnly ? [entry.slice(5)] : []) : [entry]));
  return [where, ...allowed].some((entry) => covers(entry, target));
}

function roomOf(path: string): Room | undefined {
  return ROOMS.find(({ where }) => covers(where, path));
}

export function judgeImports({ path, imports }: Source): Finding[] {
  const room = roomOf(path);
  if (room === undefined) {
    return [
      finding(path, 1, 'every file has a room', 'move it into one, or give its folder a row in test/rooms/table.ts'),
    ];
  }
  return imports
    .filter(({ target, typeOnly }) => !mayImport(room, target, typeOnly))
    .map(({ line, target, typeOnly }) => {
      const correction = `move the code to a room that may import it, or change the row in test/rooms/table.ts and say why (${room.what})`;
      const rule = `${room.where} may import ${[...room.may].join(', ') || 'nothing'}; not ${typeOnly ? 'type ' : ''}${target}`;
      return finding(path, line, rule, correction);
    });
}

/** The permissions of the rooms that none of these files uses. */
export function unusedPermissions(sources: readonly Source[]): string[] {
  const importsIn = (room: Room) =>
    sources
      .filter(({ path }) => roomOf(path) === room)
      .flatMap(({ imports }) => imports)
      .filter(({ target }) => !covers(room.where, target));
  return ROOMS.flatMap((room) => {
    const imports = importsIn(room);
    const isUsed = (entry: string) => imports.some(({ target }) => covers(entry.replace(/^type /, ''), target));
    return room.may.filter((entry) => !isUsed(entry)).map((entry) => `${room.where} may import ${entry}`);
  });
}

export function judgeLines(source: Source): Finding[] {
  const at = (places: readonly string[]) => places.some((entry) => covers(entry, source.path));
  return SEARCHES.filter(({ searched = ['src/', 'views/'], allowed }) => at(searched) && !at(allowed)).flatMap(
    ({ rule, pattern, within, correction }) =>
      [...source[within].matchAll(pattern)].map((match) =>
        finding(source.path, lineOf(source.text, match.index), `${rule}; found ${match[0].trim()}`, correction),
      ),
  );
}

/** The front door, `src/index.ts`, has re-exports by name and no other code. */
export function judgeFrontDoor({ path, text }: Source): Finding[] {
  const rest = text.replaceAll(/^export(?: type)? \{[^}]*\} from '[^']+';$/gm, (match) =>
    match.replaceAll(/[^\n]/g, ' '),
  );
  const first = rest.search(/\S/);
  if (first === -1) return [];
  const rule = `the front door has re-exports by name and no other code; found ${rest.slice(first).split('\n')[0]}`;
  return [finding(path, lineOf(rest, first), rule, 'move the line to its room and re-export the name')];
}

/** Finds files that import each other in a circle, each circle once. Imports of types count too. */
export function judgeCycles(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const source = byPath.get(path);
    if (source === undefined || done.has(path)) return;
    for (const { target, line } of source.imports) {
      const start = [...trail, path].indexOf(target);
      if (start === -1) visit(target, [...trail, path]);
      else {
        const circle = [...[...trail, path].slice(start), target].join(' → ');
        findings.push(
          finding(
            path,
            line,
            `no file imports itself in a circle: ${circle}`,
            'move the shared code into a file of its own',
          ),
        );
      }
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return findings;
}
