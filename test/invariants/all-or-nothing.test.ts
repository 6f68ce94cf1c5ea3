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
  const seen: Look[] = [];
  while (process.running) {
    seen.push(await look(service));
    await sleep(1);
  }
  seen.push(await look(service));
  expect((await process.ended(1_000)).code).toBe(0);
  // Whatever order the files are published in, a sum of some of them is what is there.
  const totals = [0, SMALL, 2 * SMALL, LARGE, SMALL + LARGE, 2 * SMALL + LARGE];
  for (const { before, rows, after } of seen) {
    expect(totals).toContain(rows);
    expect(before).toBeLessThanOrEqual(rows);
    expect(rows).toBeLessThanOrEqual(after);
  }
  expect(seen.at(-1)).toEqual({ before: totals.at(-1), rows: totals.at(-1), after: totals.at(-1) });
  expect(new Set(seen.map(({ rows }) => rows)).size).toBeGreaterThan(2);
});

interface Look {
  /** Rows that the ledger calls published, before and after the table was read. */
  readonly before: number;
  readonly rows: number;
  readonly after: number;
}

/** Statement by statement: which tables are a parent's children is not part of a transaction's snapshot in Postgres. */
async function look(service: Service): Promise<Look> {
  const before = await inLedger(service);
  const exists = await service.value("select to_regclass('staging.orders')");
  const rows = exists === null ? 0 : await service.value<number>('select count(*) from staging.orders');
  return { before, rows, after: await inLedger(service) };
}

function inLedger(service: Service): Promise<number> {
  return service.value(
    "select coalesce(sum(rows_loaded), 0)::bigint from sluice.loads where status = 'published'",
  );
}
