import type { CaseResult, EntrantResult, Results } from './results.ts';
import { disturbanceNote, linearityOf, timesOf } from './summary.ts';

const WIDTH = 860;
const MARGIN = 24;
const LABELS = 270;
const BARS = 400;
const BAR = 18;
const ROW = 25;
const TITLE = 26;
const GAP = 16;
const HEAD = 62;
const LINE = 17;

/** A bar longer than this many times the first is cut, and marked as cut. */
const LONGEST = 3.5;

const COLOURS = { sluice: '#0f766e', variant: '#7fb5af', peer: '#a8b0bb', text: '#1f2933', faint: '#66717e' };

/** The results as an SVG drawing: one group of horizontal bars per case, each group to its own scale. */
export function renderChart(results: Results): string {
  const groups = results.cases.filter((one) => !one.linear);
  const parts: string[] = [];
  let y = HEAD;
  for (const one of groups) {
    parts.push(groupAt(one, y));
    y += heightOf(one) + GAP;
  }
  const notes = [
    ...results.cases.flatMap(linearityNote),
    ...captionOf(results),
    disturbanceNote(results) ?? [],
  ].flat();
  const caption = notes.map((line, at) => text(MARGIN, y + at * LINE, line, 'caption'));
  const height = y + notes.length * LINE + MARGIN / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Benchmark: seconds, by contender">`,
    STYLE,
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    text(MARGIN, 32, 'Seconds, shorter is better', 'head'),
    text(
      MARGIN,
      50,
      `whole process, median of ${results.runs} interleaved runs; 2× is twice the time of Sluice`,
      'caption',
    ),
    ...parts,
    ...caption,
    '</svg>\n',
  ].join('\n');
}

const STYLE = `<style>
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; fill: ${COLOURS.text}; }
.head { font-size: 18px; font-weight: 600; } .title { font-weight: 600; }
.label { text-anchor: end; } .note { fill: ${COLOURS.faint}; font-style: italic; } .caption { font-size: 12px; fill: ${COLOURS.faint}; }
</style>`;

function heightOf(one: CaseResult): number {
  return TITLE + one.entrants.length * ROW;
}

function groupAt(one: CaseResult, y: number): string {
  const subject = one.entrants[0];
  const title = subject === undefined ? one.title : `${one.title}: ${sizeOf(subject)}`;
  const scale = scaleOf(one);
  const rows = one.entrants.map((entrant, at) => rowAt(one, entrant, scale, y + TITLE + at * ROW));
  return [text(MARGIN, y + 16, title, 'title'), ...rows].join('\n');
}

function sizeOf({ records, bytes, files }: EntrantResult): string {
  const size = `${records.toLocaleString('en')} records, ${(bytes / 1e6).toFixed(0)} MB`;
  return files === 1 ? size : `${size} in all`;
}

/** Seconds that fill the bars' whole width. */
function scaleOf(one: CaseResult): number {
  const seconds = one.entrants.flatMap((entrant) => timesOf(one, entrant)?.median ?? []);
  const first = seconds[0] ?? 1;
  return Math.max(...seconds.map((value) => Math.min(value, first * LONGEST)), 0.001);
}

function rowAt(one: CaseResult, entrant: EntrantResult, scale: number, y: number): string {
  const baseline = y + 14;
  const label = text(MARGIN + LABELS - 10, baseline, entrant.contender, 'label');
  const times = timesOf(one, entrant);
  const left = MARGIN + LABELS;
  if (times === null) return [label, text(left, baseline, shortNote(entrant), 'note')].join('\n');
  const width = Math.max(2, BARS * Math.min(1, times.median / scale));
  const bar = `<rect x="${left}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colourOf(one, entrant)}"/>`;
  const cut = times.median > scale * 1.001 ? cutMark(left + width - 34, y) : '';
  return [label, bar, cut, text(left + width + 8, baseline, shownTime(one, entrant), 'value')]
    .filter(Boolean)
    .join('\n');
}

function colourOf(one: CaseResult, entrant: EntrantResult): string {
  if (one.entrants[0] === entrant) return COLOURS.sluice;
  return entrant.contender.startsWith('sluice') ? COLOURS.variant : COLOURS.peer;
}

function shownTime(one: CaseResult, entrant: EntrantResult): string {
  const times = timesOf(one, entrant);
  const subject = one.entrants[0] === undefined ? null : timesOf(one, one.entrants[0]);
  if (times === null) return '';
  const seconds = `${times.median.toFixed(times.median < 100 ? 2 : 0)} s`;
  const speed = times.megabytesPerSecond === null ? '' : `, ${times.megabytesPerSecond.toFixed(0)} MB/s`;
  if (one.entrants[0] === entrant) return `${seconds}${speed}`;
  return subject === null ? seconds : `${seconds}, ${(times.median / subject.median).toFixed(2)}×`;
}

/** Two slanted white lines through a bar that would have been longer. */
function cutMark(x: number, y: number): string {
  const line = (at: number) => `M${at} ${y + BAR + 2} l8 -${BAR + 4}`;
  return `<path d="${line(x)} ${line(x + 8)}" stroke="#ffffff" stroke-width="3"/>`;
}

function shortNote({ status, reason }: EntrantResult): string {
  return status === 'unsupported' ? 'not supported yet' : `${status}: ${(reason ?? '').slice(0, 60)}`;
}

function linearityNote(one: CaseResult): string[] {
  const deviation = linearityOf(one);
  if (deviation === null) return [];
  return [`${one.title}: no size is more than ${(100 * deviation).toFixed(1)} % off a straight line.`];
}

function captionOf(results: Results): string[] {
  const { machine, versions, server } = results;
  const memory = `${(machine.memoryBytes / 1024 ** 3).toFixed(0)} GiB`;
  const peers = ['psql', 'pgloader', 'unzip', 'psycopg2'].flatMap((name) =>
    shortVersion(name, versions[name]),
  );
  return [
    `${machine.cpu}, ${machine.cores} cores shared by client and server, ${memory}; ${machine.system}`,
    `Postgres ${versions['postgres']?.split(' ')[0]}: ${server.description}; Node.js ${versions['node']}`,
    `${peers.join(', ')}; ${results.date}, commit ${results.commit}`,
  ];
}

function shortVersion(name: string, version: string | undefined): string[] {
  const number = /\d+\.\d+[\w.]*/.exec(
    name === 'psycopg2' ? (version?.split('psycopg2')[1] ?? '') : (version ?? ''),
  );
  return number === null ? [] : [`${name} ${number[0]}`];
}

function text(x: number, y: number, content: string, style: string): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" class="${style}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
