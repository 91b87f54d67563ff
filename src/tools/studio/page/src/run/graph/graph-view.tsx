/** The primitives of a run as a graph: which ones ran within which, how often, and where it failed. */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { RunTree } from '../../../../model/tree.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { show } from '../../show.ts';
import { type Composition, compositionOf, firstNodes, type GraphNode } from './composition.ts';
import type { Layout } from './layout.ts';

const MOST_NODES = 300;
/** A wide graph is drawn smaller, down to this share of its size. */
const SMALLEST = 0.65;
const NODE = { width: 190, height: 52 };

interface Drawn {
  readonly graph: Composition;
  readonly layout: Layout;
}

export interface GraphViewProps {
  readonly tree: RunTree;
  readonly onOpen: (spanId: string) => void;
}

export function GraphView({ tree, onOpen }: GraphViewProps) {
  const { nodes, edges } = useMemo(() => compositionOf(tree), [tree]);
  const drawn = useSignal<Drawn | undefined>(undefined);
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
  const view = useRef<HTMLDivElement>(null);
  const width = drawn.value?.layout.width ?? 0;
  useLayoutEffect(() => {
    // The roots are in the middle of what is too wide.
    const scroller = view.current?.parentElement;
    if (scroller) scroller.scrollLeft = (scroller.scrollWidth - scroller.clientWidth) / 2;
  }, [width]);
  if (drawn.value === undefined) return <p class="notice">Drawing {formatCount(nodes.length)} primitives …</p>;
  const { graph, layout } = drawn.value;
  return (
    <div class="graph" ref={view}>
      {nodes.length > graph.nodes.length && (
        <p class="notice">
          The graph shows the {formatCount(graph.nodes.length)} outermost of {formatCount(nodes.length)} primitives. The
          waterfall shows all.
        </p>
      )}
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        style={{ width: `${layout.width}px`, minWidth: `${layout.width * SMALLEST}px` }}
        aria-label="Primitives of the run"
      >
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
        <title>{show(`${type} ${label}`)}</title>
      </rect>
      <rect class="stripe" width="4" height={NODE.height} rx="2" />
      <text x="14" y="21">
        {shorten(show(label), failed > 0 ? 19 - formatCount(failed).length : 24)}
      </text>
      <text x="14" y="40" class="soft">
        {shorten(`${show(type)} · ${facts}`, 29)}
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
