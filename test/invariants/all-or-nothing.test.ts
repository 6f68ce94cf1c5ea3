import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

const SMALL = 1_000;
const LARGE = 300_000;

it('I2 all or nothing: a reader sees the whole file or none of it, and the ledger says the same', async () => {
  const service = await Service.create();
  const ids = [SMALL, LARGE, SMALL];
  const names = ids.map((_, at) => `orders_2026-11-2${at}.csv`);
  for (const [at, rows] of ids.entries())
    await service.write(names[at] ?? '', csvText(rows, 1 + at * 1_000_000));
  const process = service.spawn(['load', ...names], { CONCURRENCY: '1' });
  const seen = new Set<string>();
  while (process.running) {
    seen.add(await look(service));
    await sleep(1);
  }
  seen.add(await look(service));
  expect((await process.ended(1_000)).code).toBe(0);
  const totals = [0, SMALL, SMALL + LARGE, SMALL + LARGE + SMALL];
  expect([...seen]).toEqual(
    expect.arrayContaining(totals.slice(1).map((rows) => `${rows} rows, ${rows} in the ledger`)),
  );
  for (const state of seen)
    expect(totals.map((rows) => `${rows} rows, ${rows} in the ledger`)).toContain(state);
});

/** Parent, version tables and ledger as one snapshot shows them. */
async function look(service: Service): Promise<string> {
  const { pool } = service.database;
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read');
    const ledger = await client.query<{ n: number }>(
      "select coalesce(sum(rows_loaded), 0)::bigint as n from sluice.loads where status = 'published'",
    );
    const exists = await client.query("select from pg_class where oid = to_regclass('staging.orders')");
    if (exists.rowCount === 0) return `0 rows, ${ledger.rows[0]?.n} in the ledger`;
    const rows = await client.query<{ n: number }>('select count(*) as n from staging.orders');
    return `${rows.rows[0]?.n} rows, ${ledger.rows[0]?.n} in the ledger`;
  } finally {
    await client.query('rollback');
    client.release();
  }
}
