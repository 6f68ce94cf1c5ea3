import type { Graph, GraphNode } from './graph.ts';
import { layoutOf, type Spot } from './graph-layout.ts';
import { grouped } from './grouped.ts';
import { html, type Markup } from './markup.ts';

/** More than this is told as a list. */
const MOST_DRAWN = 80;

const BOX = { width: 190, height: 40 };
const GAP = { x: 70, y: 14 };
const MARGIN = 6;
/** That fit into a box. */
const CHARACTERS = 24;

interface Place {
  readonly x: number;
  readonly y: number;
  /** Where lines begin and end. */
  readonly middle: number;
}

export function graphMarkup(graph: Graph): Markup {
  if (graph.edges.length === 0) return html`<p class="none">No model or export reads a dataset yet.</p>`;
  return graph.nodes.length > MOST_DRAWN ? asList(graph) : asDrawing(graph);
}

function asDrawing(graph: Graph): Markup {
  const { columns, lines } = layoutOf(graph);
  const heights = columns.map((column) => column.reduce((sum, spot) => sum + heightOf(spot) + GAP.y, -GAP.y));
  const height = Math.max(...heights) + 2 * MARGIN;
  const width = columns.length * (BOX.width + GAP.x) - GAP.x + 2 * MARGIN;
  const places = new Map<Spot, Place>();
  for (const [index, column] of columns.entries()) {
    let y = (height - (heights[index] ?? 0)) / 2;
    for (const spot of column) {
      places.set(spot, { x: index * (BOX.width + GAP.x) + MARGIN, y, middle: y + heightOf(spot) / 2 });
      y += heightOf(spot) + GAP.y;
    }
  }
  const at = (spot: Spot) => places.get(spot) ?? { x: 0, y: 0, middle: 0 };
  const drawn = columns
    .flat()
    .map((spot) => (spot.kind === 'bend' ? passing(at(spot)) : box(spot, at(spot))));
  return html`<div class="wide"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
 aria-label="What reads what: datasets, models, exports">
${lines.map(({ from, to }) => line(at(from), at(to)))}${drawn}</svg></div>`;
}

function heightOf({ kind }: Spot): number {
  return kind === 'bend' ? 4 : BOX.height;
}

function line(from: Place, to: Place): Markup {
  const start = from.x + BOX.width;
  const bend = Math.max(GAP.x / 2, (to.x - start) / 2);
  return html`<path class="line" d="M${start} ${from.middle}C${start + bend} ${from.middle} ${to.x - bend} ${to.middle} ${to.x} ${to.middle}"/>
`;
}

function passing({ x, middle }: Place): Markup {
  return html`<path class="line" d="M${x} ${middle}h${BOX.width}"/>
`;
}

function box({ kind, name, anchor }: GraphNode, { x, y }: Place): Markup {
  const characters = [...name];
  const short = characters.length > CHARACTERS ? `${characters.slice(0, CHARACTERS - 1).join('')}…` : name;
  return html`<a href="#${anchor}"><g class="${kind}"><title>${kind} ${name}</title>
<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>
<text class="kind" x="${x + 10}" y="${y + 15}">${kind}</text><text x="${x + 10}" y="${y + 31}">${short}</text></g></a>
`;
}

/** Each with what reads it. */
function asList({ nodes, edges }: Graph): Markup {
  const link = ({ kind, name, anchor }: GraphNode) => html`${kind} <a href="#${anchor}">${name}</a>`;
  const readers = grouped(edges, ({ from }) => from);
  const item = (node: GraphNode) =>
    html`<li>${link(node)} is read by<ul>${(readers.get(node) ?? []).map(({ to }) => html`<li>${link(to)}</li>`)}</ul></li>
`;
  return html`<ul>${nodes.filter((node) => readers.has(node)).map(item)}</ul>`;
}
