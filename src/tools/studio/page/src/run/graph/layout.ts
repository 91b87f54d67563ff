/** Where the nodes and edges of a graph stand. It is loaded when a graph is opened for the first time. */
import dagre from '@dagrejs/dagre';
import type { Composition } from './composition.ts';

export const NODE = { width: 190, height: 52 } as const;

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The centres of the nodes, by their keys. */
  readonly centres: ReadonlyMap<string, Point>;
  /** The lines of the edges, in the order of the edges, as the `d` of an SVG path. */
  readonly paths: readonly string[];
}

export function layOut({ nodes, edges }: Composition): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 20, ranksep: 40, marginx: 16, marginy: 16 });
  for (const { key } of nodes) graph.setNode(key, { ...NODE });
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const xOf = (key: string) => Number(graph.node(key).x);
  const place = isBackwards(edges, xOf) ? (x: number) => width - x : (x: number) => x;
  return {
    width,
    height,
    centres: new Map(nodes.map(({ key }) => [key, { x: place(xOf(key)), y: Number(graph.node(key).y) }])),
    paths: edges.map(({ from, to }) => pathOf(pointsOf(graph.edge(from, to)).map(({ x, y }) => ({ x: place(x), y })))),
  };
}

/** Whether what started first is on the right more often than on the left. The mirror image has no more crossings. */
function isBackwards(edges: Composition['edges'], xOf: (key: string) => number): boolean {
  const newest = new Map<string, string>();
  let backwards = 0;
  for (const { from, to } of edges) {
    const before = newest.get(from);
    if (before !== undefined) backwards += Math.sign(xOf(before) - xOf(to));
    newest.set(from, to);
  }
  return backwards > 0;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const pointsOf = ({ points }: { readonly points?: readonly Point[] }) => points ?? [];

function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const middles = rest.slice(0, -1).map(({ x, y }, index) => {
    const next = rest[index + 1] ?? { x, y };
    return `Q${x},${y} ${(x + next.x) / 2},${(y + next.y) / 2}`;
  });
  const end = rest.at(-1) ?? first;
  return [`M${first.x},${first.y}`, ...middles, `L${end.x},${end.y}`].join('');
}
