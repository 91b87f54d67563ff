/** The primitives of a run as a graph: which ones ran within which, how often, and where it failed. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { StudioSpan } from '../../../../model/span.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { show } from '../../show.ts';
import { type Composition, compositionOf, firstNodes, type GraphNode } from './composition.ts';
import type { Layout } from './layout.ts';

const MOST_NODES = 300;
const NODE = { width: 190, height: 52 };

interface Drawn {
  readonly graph: Composition;
  readonly layout: Layout;
}

export interface GraphViewProps {
  readonly spans: readonly StudioSpan[];
  readonly onOpen: (spanId: string) => void;
}

export function GraphView({ spans, onOpen }: GraphViewProps) {
  const given = useSignal(spans);
  given.value = spans;
  const whole = useComputed(() => compositionOf(given.value));
  const drawn = useSignal<Drawn | undefined>(undefined);
  const { nodes, edges } = whole.value;
  useEffect(() => {
    let isNewest = true;
    const graph = firstNodes({ nodes, edges }, MOST_NODES);
    void import('./layout.ts').then(({ layOut }) => {
      if (isNewest) drawn.value = { graph, layout: layOut(graph) };
    });
    return () => {
      isNewest = false;
    };
  }, [nodes, edges, drawn]);
  if (drawn.value === undefined) return <p class="notice">Drawing {formatCount(nodes.length)} primitives …</p>;
  const { graph, layout } = drawn.value;
  return (
    <div class="graph">
      {nodes.length > graph.nodes.length && (
        <p class="notice">
          The graph shows the {formatCount(graph.nodes.length)} outermost of {formatCount(nodes.length)} primitives. The
          waterfall shows all.
        </p>
      )}
      <svg width={layout.width} height={layout.height} aria-label="Primitives of the run">
        {graph.edges.map(({ from, to, count, failed }, i) => (
          <path key={`${from}\n${to}`} class={failed > 0 ? 'edge failed' : 'edge'} d={layout.paths[i]}>
            <title>{formatCount(count)} times</title>
          </path>
        ))}
        {graph.nodes.map((node) => {
          const { x, y } = layout.centres.get(node.key) ?? { x: 0, y: 0 };
          return <Node key={node.key} node={node} x={x} y={y} onOpen={onOpen} />;
        })}
      </svg>
    </div>
  );
}

interface NodeProps {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly onOpen: (spanId: string) => void;
}

function Node({ node, x, y, onOpen }: NodeProps) {
  const { label, type, count, failed, durationUs } = node;
  const facts = `${formatCount(count)} ×, ${formatDuration(durationUs)}`;
  const open = () => onOpen(node.spanId);
  return (
    <g
      class={failed > 0 ? `node group-${node.group} failed` : `node group-${node.group}`}
      transform={`translate(${x - NODE.width / 2},${y - NODE.height / 2})`}
      role="button"
      tabindex={0}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        open();
      }}
    >
      <rect width={NODE.width} height={NODE.height} rx="6">
        <title>
          {type} {show(label)}
        </title>
      </rect>
      <rect class="stripe" width="4" height={NODE.height} rx="2" />
      <text x="14" y="21">
        {shorten(show(label), 24)}
      </text>
      <text x="14" y="40" class="soft">
        {shorten(`${type} · ${facts}`, 29)}
      </text>
      {failed > 0 && (
        <text x={NODE.width - 8} y="21" class="bad" text-anchor="end">
          ✕ {formatCount(failed)}
        </text>
      )}
    </g>
  );
}

/** SVG does not shorten a text by itself. */
function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
