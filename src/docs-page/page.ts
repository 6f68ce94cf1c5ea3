import type { Contents } from './contents.ts';
import { graphOf } from './graph.ts';
import { graphMarkup } from './graph-svg.ts';
import { html, Markup } from './markup.ts';
import { checksMarkup, datasetMarkup, exportsMarkup, loadsMarkup, modelMarkup } from './sections.ts';
import { STYLE } from './style.ts';
import { count, moment, none } from './table.ts';

/** One page that stands for itself: it asks for nothing, runs nothing, and its policy has the browser see to both. */
export function pageOf(contents: Contents): string {
  const sections = sectionsOf(contents);
  const links = Object.keys(sections).map((title) => html`<a href="#${idOf(title)}">${title}</a>`);
  const bodies = Object.entries(sections).map(
    ([title, body]) => html`<section id="${idOf(title)}"><h2>${title}</h2>\n${body}</section>\n`,
  );
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data of this Sluice</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="sluice docs">
<style>${new Markup(STYLE)}</style></head><body>
<header><h1>What is loaded, and what is made of it</h1>
<p class="about">${summary(contents)} Written by <code>sluice docs</code>, as of ${moment(contents.at)}; times are UTC.</p><nav>${links}</nav></header>
<main>${bodies}</main></body></html>
`.text;
}

function sectionsOf(contents: Contents): Record<string, Markup> {
  const { datasets, models, loads, checks, exports } = contents;
  const graph = graphOf(contents);
  return {
    Dependencies: graphMarkup(graph),
    Datasets:
      datasets.length === 0 ? none('No dataset has been loaded yet.') : html`${datasets.map(datasetMarkup)}`,
    Models: models.length === 0 ? none('There is no model yet.') : html`${models.map(modelMarkup)}`,
    Checks: checksMarkup(checks),
    Exports: exportsMarkup(exports),
    'Last loads': loadsMarkup(loads),
  };
}

function summary({ datasets, models, exports }: Contents): string {
  const rows = datasets.flatMap(({ versions }) => versions).reduce((sum, one) => sum + one.rows, 0);
  return `Datasets: ${count(datasets.length)}, with ${count(rows)} rows. Models: ${count(models.length)}. Exports: ${count(exports.length)}.`;
}

function idOf(title: string): string {
  return title.toLowerCase().replace(' ', '-');
}
