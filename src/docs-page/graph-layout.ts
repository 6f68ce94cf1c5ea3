import type { Graph, GraphNode } from './graph.ts';
import { grouped } from './grouped.ts';

/** Where lines from one node to others further right pass a column. */
export interface Bend {
  readonly kind: 'bend';
  readonly name: string;
}

export type Spot = GraphNode | Bend;

/** Columns from left to right, and the lines from each to the next. */
export interface Layout {
  readonly columns: readonly (readonly Spot[])[];
  readonly lines: readonly { readonly from: Spot; readonly to: Spot }[];
}

/** Each node right of all that it reads, exports at the end; no line runs behind a node. Circles are cut where they close. */
export function layoutOf(graph: Graph): Layout {
  const depths = depthsOf(graph);
  const depthOf = (node: GraphNode) => depths.get(node) ?? 0;
  const width = Math.max(0, ...depths.values()) + 1;
  const columns = Array.from({ length: width }, (): Spot[] => []);
  for (const node of graph.nodes) columns[depthOf(node)]?.push(node);
  const lines: { from: Spot; to: Spot }[] = [];
  for (const [from, own] of grouped(graph.edges, (edge) => edge.from)) {
    const last = Math.max(...own.map(({ to }) => depthOf(to)));
    const passed: Spot[] = [from];
    for (let depth = depthOf(from) + 1; depth < last; depth++) {
      const bend: Bend = { kind: 'bend', name: from.name };
      columns[depth]?.push(bend);
      lines.push({ from: passed.at(-1) ?? from, to: bend });
      passed.push(bend);
    }
    for (const { to } of own) lines.push({ from: passed[depthOf(to) - depthOf(from) - 1] ?? from, to });
  }
  return { columns: ordered(columns, lines), lines };
}

function depthsOf({ nodes, edges }: Graph): Map<GraphNode, number> {
  const below = grouped(edges, ({ to }) => to);
  const depths = new Map<GraphNode, number>();
  const depthOf = (node: GraphNode): number => {
    const known = depths.get(node);
    if (known !== undefined) return known;
    depths.set(node, 0);
    const depth = Math.max(-1, ...(below.get(node) ?? []).map(({ from }) => depthOf(from))) + 1;
    depths.set(node, depth);
    return depth;
  };
  const others = nodes.filter(({ kind }) => kind !== 'export');
  const end = Math.max(0, ...others.map(depthOf)) + 1;
  for (const node of nodes) if (node.kind === 'export') depths.set(node, end);
  return depths;
}

/** Each column in the order of what its nodes read, which keeps most lines from crossing. */
function ordered(columns: readonly Spot[][], lines: Layout['lines']): Spot[][] {
  const before = grouped(lines, ({ to }) => to);
  const places = new Map<Spot, number>();
  return columns.map((column) => {
    const weight = (spot: Spot) => {
      const found = (before.get(spot) ?? []).map(({ from }) => places.get(from) ?? 0);
      return found.length === 0 ? 0 : found.reduce((sum, place) => sum + place, 0) / found.length;
    };
    const sorted = column
      .map((spot) => ({ spot, weight: weight(spot) }))
      .sort((a, b) => a.weight - b.weight || (a.spot.name < b.spot.name ? -1 : 1))
      .map(({ spot }) => spot);
    for (const [at, spot] of sorted.entries()) places.set(spot, at / sorted.length);
    return sorted;
  });
}
