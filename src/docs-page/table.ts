import { html, type Markup, type Part } from './markup.ts';

export type Cell = Part | Date;

/** A table with a heading; numbers to the right. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const head = columns.map((name) => html`<th scope="col">${name}</th>`);
  return html`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

function cell(value: Cell): Markup {
  if (value instanceof Date) return html`<td class="time">${moment(value)}</td>`;
  if (typeof value === 'number') return html`<td class="number">${NUMBER.format(value)}</td>`;
  return html`<td>${value}</td>`;
}

export function count(value: number): string {
  return NUMBER.format(value);
}

/** To the second, in UTC. */
export function moment(at: Date): string {
  return at.toISOString().replace('T', ' ').slice(0, 19);
}

const BAD = new Set(['failed', 'held', 'lost']);
const DOUBTFUL = new Set(['warned', 'stale', 'retracted', 'superseded', 'discarded', 'duplicate']);

/** A status, in a colour as well. */
export function statusMark(status: string): Markup {
  const tone = BAD.has(status) ? 'bad' : DOUBTFUL.has(status) ? 'doubtful' : 'good';
  return html`<span class="status ${tone}">${status}</span>`;
}

export function code(name: string): Markup {
  return html`<code>${name}</code>`;
}

export function none(text: string): Markup {
  return html`<p class="none">${text}</p>`;
}
