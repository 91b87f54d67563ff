/** Which lines do not know their room. */
import { lineOf, type Source } from './source.ts';
import { ROOMS, type Room, SEARCHES } from './table.ts';

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

function finding(path: string, line: number, rule: string, mend: string): Finding {
  return { path, line, rule, message: `${path}:${line} ${rule}. To mend it: ${mend}` };
}

/** Whether `target` is the file or package that `entry` names, or lies in its folder or scope. */
function covers(entry: string, target: string): boolean {
  if (entry.endsWith('/')) return target.startsWith(entry);
  if (entry.endsWith('*')) return target.startsWith(entry.slice(0, -1));
  return target === entry || (!entry.endsWith('.ts') && target.startsWith(`${entry}/`));
}

function mayImport({ where, may }: Room, target: string, typeOnly: boolean): boolean {
  const allowed = may.flatMap((entry) => (entry.startsWith('type ') ? (typeOnly ? [entry.slice(5)] : []) : [entry]));
  return [where, ...allowed].some((entry) => covers(entry, target));
}

export function judgeImports({ path, imports }: Source): Finding[] {
  const room = ROOMS.find(({ where }) => covers(where, path));
  if (room === undefined) {
    return [
      finding(path, 1, 'every file has a room', 'move it into one, or give its folder a row in test/rooms/table.ts'),
    ];
  }
  return imports
    .filter(({ target, typeOnly }) => !mayImport(room, target, typeOnly))
    .map(({ line, target, typeOnly }) => {
      const mend = `move what needs it to a room that may, or change the row in test/rooms/table.ts and say why (${room.what})`;
      const rule = `${room.where} may import ${[...room.may].join(', ') || 'nothing'}; not ${typeOnly ? 'type ' : ''}${target}`;
      return finding(path, line, rule, mend);
    });
}

export function judgeLines(source: Source): Finding[] {
  const at = (entries: readonly string[]) => entries.some((entry) => covers(entry, source.path));
  return SEARCHES.filter(({ over = ['src/', 'views/'], home }) => at(over) && !at(home)).flatMap(
    ({ rule, pattern, within, mend }) =>
      [...source[within].matchAll(pattern)].map((match) =>
        finding(source.path, lineOf(source.text, match.index), `${rule}; found ${match[0].trim()}`, mend),
      ),
  );
}

/** The front door decides nothing: it is named re-exports from its first line to its last. */
export function judgeFrontDoor({ path, text }: Source): Finding[] {
  const rest = text.replaceAll(/^export(?: type)? \{[^}]*\} from '[^']+';$/gm, (match) =>
    match.replaceAll(/[^\n]/g, ' '),
  );
  const first = rest.search(/\S/);
  if (first === -1) return [];
  const rule = `the front door re-exports by name and decides nothing; found ${rest.slice(first).split('\n')[0]}`;
  return [finding(path, lineOf(rest, first), rule, 'put it into the room it belongs to and re-export it')];
}

/** Files that import each other in a circle, each circle once; an import of types counts like any other. */
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
            'move what both need into a file of its own',
          ),
        );
      }
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return findings;
}
