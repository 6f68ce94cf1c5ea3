import { type Graph, type GraphNode, layersOf } from './graph.ts';
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
}

export function graphMarkup(graph: Graph): Markup {
  if (graph.edges.length === 0) return html`<p class="none">No model or export reads a dataset yet.</p>`;
  return graph.nodes.length > MOST_DRAWN ? asList(graph) : asDrawing(graph);
}

function asDrawing(graph: Graph): Markup {
  const layers = layersOf(graph);
  const tallest = Math.max(...layers.map((layer) => layer.length));
  const height = tallest * (BOX.height + GAP.y) - GAP.y + 2 * MARGIN;
  const width = layers.length * (BOX.width + GAP.x) - GAP.x + 2 * MARGIN;
  const places = new Map<GraphNode, Place>();
  for (const [column, layer] of layers.entries()) {
    const top = ((tallest - layer.length) * (BOX.height + GAP.y)) / 2 + MARGIN;
    for (const [row, node] of layer.entries()) {
      places.set(node, { x: column * (BOX.width + GAP.x) + MARGIN, y: top + row * (BOX.height + GAP.y) });
    }
  }
  const at = (node: GraphNode) => places.get(node) ?? { x: 0, y: 0 };
  return html`<div class="wide"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
 aria-label="What reads what: datasets, models, exports">
${graph.edges.map(({ from, to }) => line(at(from), at(to)))}${graph.nodes.map((node) => box(node, at(node)))}</svg></div>`;
}

function line(from: Place, to: Place): Markup {
  const [startX, startY] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [endX, endY] = [to.x, to.y + BOX.height / 2];
  const bend = Math.max(GAP.x / 2, (endX - startX) / 2);
  return html`<path class="line" d="M${startX} ${startY}C${startX + bend} ${startY} ${endX - bend} ${endY} ${endX} ${endY}"/>
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
