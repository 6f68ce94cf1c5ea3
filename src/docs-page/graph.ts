import type { Contents, DocumentedDataset, DocumentedModel } from './contents.ts';
import { grouped } from './grouped.ts';

export interface GraphNode {
  readonly kind: 'dataset' | 'model' | 'export';
  readonly name: string;
  /** Id of what the page tells of it. */
  readonly anchor: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: GraphNode; readonly to: GraphNode }[];
}

/** Any name, as an id without blanks that a link can name as it is. */
export function anchorOf(kind: GraphNode['kind'], name: string): string {
  return `${kind}-${encodeURIComponent(name)}`;
}

/** What reads what: datasets, models, exports. What nothing reads and what reads nothing is left out. */
export function graphOf({ datasets, models, exports }: Contents): Graph {
  const node = (kind: GraphNode['kind'], name: string) => ({ kind, name, anchor: anchorOf(kind, name) });
  const sources = new Map<string, GraphNode>();
  for (const dataset of datasets) {
    const own = node('dataset', dataset.name);
    for (const table of tablesOf(dataset)) sources.set(table, own);
  }
  const ofModel = new Map(models.map((model) => [model, node('model', model.relationName)]));
  for (const [model, own] of ofModel) for (const name of namesOf(model)) sources.set(name, own);
  const link = (from: string, to: GraphNode) => {
    const found = sources.get(from);
    return found === undefined || found === to ? [] : [{ from: found, to }];
  };
  const edges = [
    ...[...ofModel].flatMap(([{ defined }, to]) => (defined?.reads ?? []).flatMap((from) => link(from, to))),
    ...exports.flatMap(({ name, source }) => link(`table ${source}`, node('export', name))),
  ].filter(({ from, to }, at, all) => all.findIndex((one) => one.from === from && one.to === to) === at);
  const nodes = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  return { nodes, edges };
}

/** By the names that models (`staging.orders`) and exports (`schema.table`) have for it. */
function tablesOf({ parentTable, versions }: DocumentedDataset): string[] {
  const tables = [parentTable, `${parentTable}__all`, ...versions.map(({ version_table }) => version_table)];
  return tables.flatMap((table) => [`table ${table}`, `staging.${table.slice(table.indexOf('.') + 1)}`]);
}

function namesOf({ name, relationName, defined }: DocumentedModel): string[] {
  // A table of a former DW_SCHEMA is read by no model of now.
  return defined === null ? [`table ${relationName}`] : [`table ${relationName}`, `warehouse.${name}`];
}

/** The nodes in columns: each right of all that it reads, exports at the end. Circles are cut where they close. */
export function layersOf({ nodes, edges }: Graph): GraphNode[][] {
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
  const last = Math.max(0, ...nodes.map(depthOf));
  const layers = Array.from({ length: last + 1 }, (): GraphNode[] => []);
  for (const node of nodes) layers[node.kind === 'export' ? last : depthOf(node)]?.push(node);
  return ordered(layers, edges);
}

/** Each column in the order of what its nodes read, which keeps most lines from crossing. */
function ordered(layers: readonly GraphNode[][], edges: Graph['edges']): GraphNode[][] {
  const places = new Map<GraphNode, number>();
  return layers.map((layer) => {
    const weight = (node: GraphNode) => {
      const found = edges.filter(({ to }) => to === node).map(({ from }) => places.get(from) ?? 0);
      return found.length === 0 ? 0 : found.reduce((sum, place) => sum + place, 0) / found.length;
    };
    const sorted = layer
      .map((node) => ({ node, weight: weight(node) }))
      .sort((a, b) => a.weight - b.weight || (a.node.name < b.node.name ? -1 : 1))
      .map(({ node }) => node);
    for (const [at, node] of sorted.entries()) places.set(node, at / sorted.length);
    return sorted;
  });
}
