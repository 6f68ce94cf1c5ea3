import { describe, expect, it } from 'vitest';
import { renderChart } from '../../bench/report/chart.ts';
import type { Results } from '../../bench/report/results.ts';
import { disturbanceNote, summarise } from '../../bench/report/summary.ts';
import { renderTable } from '../../bench/report/table.ts';
import { measured, SAMPLE } from './results-sample.ts';

const lineOf = (table: string, ...words: string[]) =>
  table.split('\n').find((line) => words.every((word) => line.includes(word))) ?? '';

describe('summarise', () => {
  const summaries = summarise(SAMPLE);

  it('the ratio is the peer’s median by Sluice’s', () => {
    expect(summaries.map((one) => one.ratio).slice(0, 4)).toEqual([null, 1.5, 0.5, 100]);
  });

  it('a ratio above its target meets it, one below does not', () => {
    expect(summaries[1]?.targets).toEqual([{ target: 'ratio ≥ 1.4 (aim 1.7)', met: true }]);
    expect(summaries[2]?.targets).toEqual([{ target: 'ratio ≥ 1.1', met: false }]);
  });

  it('memory counts for Sluice only', () => {
    expect(summaries[0]?.targets).toEqual([{ target: '≤ 256 MiB', met: true }]);
    const greedy = measured('sluice', [1]);
    const runs = greedy.runs.map((run) => ({ ...run, peakBytes: 300 * 1024 * 1024 }));
    const results: Results = {
      ...SAMPLE,
      cases: [{ name: 'csv', title: 'CSV', linear: false, entrants: [{ ...greedy, runs }] }],
    };
    expect(summarise(results)[0]?.targets).toEqual([{ target: '≤ 256 MiB', met: false }]);
  });
});

describe('disturbanceNote', () => {
  const busy = measured('sluice', [10]);
  const withOthers = (otherCpuSeconds: number): Results => ({
    ...SAMPLE,
    cases: [
      {
        name: 'csv',
        title: 'CSV',
        linear: false,
        entrants: [{ ...busy, runs: busy.runs.map((run) => ({ ...run, otherCpuSeconds })) }],
      },
    ],
  });

  it('a quiet machine needs no word', () => expect(disturbanceNote(withOthers(1))).toBeNull());

  it('other work is stated in table and chart', () => {
    const note = 'other work took 25 % of the CPU time';
    expect(disturbanceNote(withOthers(5))).toContain(note);
    expect(renderTable(withOthers(5))).toContain(note);
    expect(renderChart(withOthers(5))).toContain(note);
  });
});

describe('renderTable', () => {
  const table = renderTable(SAMPLE);

  it('every line is as wide as the others', () => {
    expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1);
  });

  it('median, range, speed and ratio', () => {
    expect(lineOf(table, 'csv', 'sluice').replace(/ +/g, ' ')).toContain('| 6.00 | 5.00–10.00 | 73 |');
    expect(lineOf(table, 'csv', 'psql').replace(/ +/g, ' ')).toContain('| 1.50× |');
  });

  it('what was not measured is named', () => {
    expect(lineOf(table, 'zip', 'sluice')).toContain('not supported yet (FILE_UNSUPPORTED)');
    expect(lineOf(table, 'zip', 'pgloader')).toContain('skipped: pgloader not installed');
    expect(lineOf(table, 'zip', 'other')).toContain('failed: loaded 1 rows of 2');
  });

  it('a missed target stands out', () => expect(lineOf(table, 'csv', 'python')).toContain('NO'));

  it('a bar in a name does not break the table', () => expect(table).toContain('unzip -p \\| psql'));

  it('sizes: each with its bytes, and how far they are from a line', () => {
    expect(lineOf(table, 'sizes', 'sluice, 100 MB')).not.toBe('');
    expect(lineOf(table, 'furthest from a line: 0.0 %')).toContain('yes');
  });
});

describe('renderChart', () => {
  const chart = renderChart(SAMPLE);

  it('names machine, versions and date', () => {
    for (const part of ['2 cores', '8 GiB', 'Postgres 15.18', 'v20.20.2', 'psycopg2 2.9.5', '2026-11-22']) {
      expect(chart).toContain(part);
    }
  });

  it('nothing from outside becomes markup', () => {
    expect(chart).toContain('A &amp; B &lt;fast&gt;');
    expect(chart).not.toContain('<fast>');
  });

  it('a bar for each entrant that was measured, words for the others', () => {
    expect(chart.match(/rx="2"/g)).toHaveLength(5);
    expect(chart).toContain('not supported yet');
    expect(chart).toContain('skipped: pgloader not installed');
  });

  it('a bar that would be too long is cut and marked', () => {
    const widths = [...chart.matchAll(/width="([\d.]+)" height="18"/g)].map((found) => Number(found[1]));
    expect(Math.max(...widths)).toBe(400);
    expect(chart.match(/<path/g)).toHaveLength(1);
  });

  it('is drawn for no cases at all', () => {
    expect(renderChart({ ...SAMPLE, cases: [] })).toContain('</svg>');
  });
});
