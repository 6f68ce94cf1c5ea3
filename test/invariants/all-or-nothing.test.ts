import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { csvText } from '../generated.ts';
import { Service } from '../service.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

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
  // Whatever order the files are published in, a sum of some of them is what is there.
  const totals = [0, SMALL, 2 * SMALL, LARGE, SMALL + LARGE, 2 * SMALL + LARGE].map(asState);
  for (const state of seen) expect(totals).toContain(state);
  expect(await look(service)).toBe(asState(2 * SMALL + LARGE));
  expect(seen.size).toBeGreaterThan(2);
});

function asState(rows: number): string {
  return `${rows} rows, ${rows} in the ledger`;
}

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
