import { afterAll, beforeAll, expect, test } from 'vitest';
import { Engine } from './engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.open({ LANES: '2' });
});

afterAll(() => engine.close());

test.each([
  ['small', 3],
  ['large', 150_000],
])('the footer of a %s file is counted as skipped, and kept', async (name, count) => {
  const rows = Array.from({ length: count }, (_, at) => `${at},${'x'.repeat(30)}\r\n`);
  const footer = `\r\n(${count} rows affected)\r\n\x1a`;
  const outcome = await engine.load(`footer_${name}.csv`, `id,text\r\n${rows.join('')}${footer}`);
  expect(outcome).toMatchObject({
    status: 'published',
    loads: [
      { recordsRead: count + 2, rowsLoaded: count, rowsRejected: 0, rowsSkipped: 2, footer: footer.slice(2) },
    ],
  });
  expect(await engine.value(`select pg_typeof(max(id))::text from staging.footer_${name}`)).toBe('bigint');
  if (count > 3)
    expect(await engine.value(`select count(*) from staging_segments.r${outcome.runId}_a1_e1_l1`)).not.toBe(
      0,
    );
});
