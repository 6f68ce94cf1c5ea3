import { expect, test } from 'vitest';
import type { Graph, GraphNode } from '../../src/docs-page/graph.ts';
import { layoutOf } from '../../src/docs-page/graph-layout.ts';
import { graphMarkup } from '../../src/docs-page/graph-svg.ts';

function node(kind: GraphNode['kind'], name: string): GraphNode {
  return { kind, name, anchor: `${kind}-${name}` };
}

const orders = node('dataset', 'orders');
const [sales, totals] = [node('model', 'sales'), node('model', 'totals')];
const file = node('export', 'file');

function columnsOf(graph: Graph): string[][] {
  return layoutOf(graph).columns.map((column) => column.map(({ kind, name }) => `${kind} ${name}`));
}

test('the drawing puts each node right of what it reads, and leads long lines past the others', () => {
  const edges = [
    { from: orders, to: file },
    { from: orders, to: sales },
    { from: sales, to: totals },
    { from: orders, to: totals },
  ];
  const graph = { nodes: [file, totals, sales, orders], edges };
  expect(columnsOf(graph)).toEqual([
    ['dataset orders'],
    ['bend orders', 'model sales'],
    ['bend orders', 'model totals'],
    ['export file'],
  ]);
  expect(graphMarkup(graph).text.match(/<path class="line"/g)).toHaveLength(layoutOf(graph).lines.length + 2);
});

test('the drawing ends when models read each other in a circle', () => {
  const edges = [
    { from: sales, to: totals },
    { from: totals, to: sales },
  ];
  expect(
    columnsOf({ nodes: [sales, totals], edges })
      .flat()
      .sort(),
  ).toEqual(['model sales', 'model totals']);
  expect(graphMarkup({ nodes: [sales, totals], edges }).text).toContain('model sales');
});

test('more than a drawing shows is a list', () => {
  const models = Array.from({ length: 90 }, (_, at) => node('model', `m<${at}>`));
  const text = graphMarkup({
    nodes: [orders, ...models],
    edges: models.map((to) => ({ from: orders, to })),
  }).text;
  expect(text).not.toContain('<svg');
  expect(text.match(/<li>/g)).toHaveLength(91);
  expect(text).toContain('m&lt;89&gt;</a>');
});
