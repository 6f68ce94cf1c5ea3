import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Engine } from '../pipelines/load/engine.ts';

const READERS = 4;
const READ_EVERY_MS = 5;
/** Rows of each file in turn; those with long rows are more than one block and lie in segments. */
const FILES = [
  { rows: 100, bytes: 10, columns: 'id,note' },
  { rows: 4_700, bytes: 1_000, columns: 'id,note' },
  { rows: 4_800, bytes: 1_000, columns: 'id,note' },
  { rows: 90, bytes: 10, columns: 'id,note' },
  { rows: 80, bytes: 10, columns: 'id,note' },
  { rows: 70, bytes: 10, columns: 'id,note,extra' },
  { rows: 4_900, bytes: 1_000, columns: 'id,note' },
  { rows: 60, bytes: 10, columns: 'id,note,other' },
];

it.each(['staging.facts', 'staging.facts_view'])(
  'I2 all or nothing: whoever counts %s while files take the place of others sees the old or the new, never another',
  async (relation) => {
    const engine = await Engine.open({ LANES: '2' }, [
      { name: 'facts', match: 'facts*.csv', disposition: 'replace' },
    ]);
    try {
      await engine.load('facts.csv', textOf(0));
      await engine.query('create view staging.facts_view as select _run_id, id from staging.facts');
      const seen: number[][] = Array.from({ length: READERS }, () => []);
      let reading = true;
      const readers = seen.map(async (counts) => {
        while (reading) {
          counts.push(await engine.value<number>(`select count(*) from ${relation}`));
          await sleep(READ_EVERY_MS);
        }
      });
      try {
        for (let at = 1; at < FILES.length; at++) {
          expect(await engine.load(`facts_${at}.csv`, textOf(at))).toMatchObject({ status: 'published' });
        }
      } finally {
        reading = false;
        await Promise.all(readers);
      }
      const order = FILES.map(({ rows }) => rows);
      for (const counts of seen) {
        const places = counts.map((count) => order.indexOf(count));
        expect(places).not.toContain(-1);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
      expect(new Set(seen.flat()).size).toBeGreaterThan(3);
      expect(await engine.value('select count(*) from staging.facts')).toBe(order.at(-1));
      expect(await engine.orphans()).toEqual([]);
    } finally {
      await engine.close();
    }
  },
);

function textOf(at: number): string {
  const { rows, bytes, columns } = FILES[at] as (typeof FILES)[number];
  let text = `${columns}\n`;
  const more = columns
    .split(',')
    .slice(2)
    .map(() => ',x')
    .join('');
  for (let id = 1; id <= rows; id++) text += `${at * 100_000 + id},${'x'.repeat(bytes)}${more}\n`;
  return text;
}
