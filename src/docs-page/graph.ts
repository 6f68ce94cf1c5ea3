import type { Contents, DocumentedDataset, DocumentedModel } from './contents.ts';

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
  const all = [
    ...[...ofModel].flatMap(([{ defined }, to]) => (defined?.reads ?? []).flatMap((from) => link(from, to))),
    ...exports.flatMap(({ name, reads }) => {
      const to = node('export', name);
      return reads.flatMap((from) => link(`table ${from}`, to));
    }),
  ].map((edge) => [`${edge.from.anchor} ${edge.to.anchor}`, edge] as const);
  const edges = [...new Map(all).values()];
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
