import type { Results } from './results.ts';
import { disturbanceNote, LINEARITY_TARGET, linearityOf, type Summary, summarise } from './summary.ts';

const HEADINGS = [
  'case',
  'contender',
  'median s',
  'min–max',
  'MB/s',
  'ratio',
  'client CPU s',
  'server CPU s',
  'other CPU s',
  'peak MiB',
  'target',
  'met',
];
/** Contender names and everything before them are words; the rest are numbers. */
const WORDS = new Set(['case', 'contender', 'target', 'met']);

/** The results as a Markdown table, aligned for reading as plain text too. */
export function renderTable(results: Results): string {
  const rows = [...summarise(results).map(cellsOf), ...linearityRows(results)].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = HEADINGS.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => pad(cell, at, widths)).join(' | ')} |`;
  const rule = HEADINGS.map((heading, at) => {
    const dashes = '-'.repeat((widths[at] ?? 3) - 1);
    return WORDS.has(heading) ? `${dashes}-` : `${dashes}:`;
  });
  const note = disturbanceNote(results);
  return [line(HEADINGS), line(rule), ...rows.map(line), ...(note === null ? [] : ['', note])].join('\n');
}

function pad(cell: string, at: number, widths: readonly number[]): string {
  const width = widths[at] ?? 0;
  return WORDS.has(HEADINGS[at] ?? '') ? cell.padEnd(width) : cell.padStart(width);
}

function cellsOf(summary: Summary): string[] {
  const { caseName, contender, times, ratio, targets, note } = summary;
  if (times === null) return [caseName, contender, ...HEADINGS.slice(2, -2).map(() => '–'), note ?? '', '–'];
  return [
    caseName,
    contender,
    times.median.toFixed(2),
    `${times.least.toFixed(2)}–${times.most.toFixed(2)}`,
    times.megabytesPerSecond?.toFixed(0) ?? '',
    ratio === null ? '' : `${ratio.toFixed(2)}×`,
    times.cpuSeconds.toFixed(2),
    times.serverCpuSeconds === null ? '' : times.serverCpuSeconds.toFixed(2),
    times.otherCpuSeconds.toFixed(2),
    (times.peakBytes / 1024 / 1024).toFixed(0),
    targets.map(({ target }) => target).join('; '),
    targets.map(({ met }) => (met ? 'yes' : 'NO')).join('; '),
  ];
}

function linearityRows(results: Results): string[][] {
  return results.cases.flatMap((one) => {
    const deviation = linearityOf(one);
    if (deviation === null) return [];
    const cells = [one.name, `furthest from a line: ${(100 * deviation).toFixed(1)} %`];
    const blanks = HEADINGS.slice(2, -2).map(() => '');
    return [[...cells, ...blanks, '≤ 10 %', deviation <= LINEARITY_TARGET ? 'yes' : 'NO']];
  });
}
