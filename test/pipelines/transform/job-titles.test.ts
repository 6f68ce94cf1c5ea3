import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { eventually, Service } from '../../service.ts';

const NAME = '2019_free_title_data.csv';
const TITLES = join(import.meta.dirname, '../../fixtures/public', NAME);

interface Titles {
  readonly counts: ReadonlyMap<string, number>;
  readonly related: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Computed from the deliveries by other means; what a later one says of a title counts. */
function independently(deliveries: readonly string[][][]): Titles {
  const counts = new Map<string, number>();
  const related = new Map<string, Set<string>>();
  for (const records of deliveries) {
    const seen = new Set<string>();
    for (const [title = '', count, ...others] of records) {
      const cleaned =
        title
          .toLowerCase()
          .trim()
          .replace(/[^a-z0-9\s]/g, '') || 'no data';
      if (!seen.has(cleaned)) {
        counts.set(cleaned, Number(count));
        related.set(cleaned, new Set());
      }
      seen.add(cleaned);
      for (const other of others) {
        if (other.trim() !== '') related.get(cleaned)?.add(other.trim().toLowerCase());
      }
    }
  }
  return { counts, related };
}

async function warehouseOf(service: Service): Promise<Titles> {
  const titles = await service.query<{ job_title: string; pdl_count: number }>(
    'select job_title, pdl_count from datawarehouse.job_titles',
  );
  const pairs = await service.query<{ job_title: string; related_title: string }>(
    'select job_title, related_title from datawarehouse.related_titles',
  );
  const related = new Map(titles.map(({ job_title }) => [job_title, new Set<string>()]));
  for (const pair of pairs) related.get(pair.job_title)?.add(pair.related_title);
  return { counts: new Map(titles.map((row) => [row.job_title, row.pdl_count])), related };
}

async function contentOf(service: Service): Promise<string> {
  return service.value(
    `select (select md5(string_agg(t::text, ';' order by job_title)) from datawarehouse.job_titles t)
         || (select md5(string_agg(r::text, ';' order by id)) from datawarehouse.related_titles r)`,
  );
}

describe('the warehouse of job titles', () => {
  it('follows deliveries, repeated, changed and retracted ones', async () => {
    const service = await Service.create();
    const running = await service.start();
    const bytes = await readFile(TITLES);
    const [header = [], ...records] = parse(bytes) as string[][];
    await service.drop(NAME, bytes);
    await running.untilPrinted('transformed top_related_titles');
    expect(await warehouseOf(service)).toEqual(independently([records]));
    await expectTables(service);
    await expectViews(service, independently([records]));
    const first = await contentOf(service);

    await service.drop('the same again.csv', bytes);
    await service.finished(2);
    expect(await contentOf(service)).toBe(first);

    const changed = records.map((record, at) => (at < 10 ? [record[0], '1', ...record.slice(2)] : record));
    const fresh = [1, 2, 3, 4, 5].map((n) => [
      `brand new title ${n}`,
      String(n),
      `related ${n}`,
      ...Array(18).fill(''),
    ]);
    const second = [...changed, ...fresh] as string[][];
    await service.drop(NAME, toCsv([header, ...second]));
    await service.finished(3);
    const count = 'select count(*) from datawarehouse.job_titles';
    const before = independently([records]);
    await eventually(
      async () => (await service.value(count)) === before.counts.size + 5,
      20_000,
      'five new titles',
    );
    const after = await warehouseOf(service);
    expect(after).toEqual(independently([records, second]));
    const differing = [...after.counts].filter(([title, value]) => before.counts.get(title) !== value);
    expect(differing).toHaveLength(15);

    const run = await service.value<number>(
      "select max(run_id) from sluice.loads where status = 'published'",
    );
    expect((await service.run(['retract', String(run)])).code).toBe(0);
    expect(await warehouseOf(service)).toEqual(before);
    // Rows that did not change have kept their ids all the while.
    expect(await contentOf(service)).toBe(first);
    expect((await service.run(['retract', '1'])).code).toBe(0);
    expect(await warehouseOf(service)).toEqual({ counts: new Map(), related: new Map() });
    expect((await running.stop()).code).toBe(0);
  });
});

async function expectTables(service: Service): Promise<void> {
  const columns = await service.query(
    `select table_name as table, column_name as column, data_type as type, is_nullable as nullable
       from information_schema.columns
      where table_schema = 'datawarehouse' and table_name in ('job_titles', 'related_titles')
      order by table_name, ordinal_position`,
  );
  expect(columns).toEqual([
    { table: 'job_titles', column: 'job_title', type: 'text', nullable: 'NO' },
    { table: 'job_titles', column: 'pdl_count', type: 'integer', nullable: 'NO' },
    { table: 'related_titles', column: 'id', type: 'bigint', nullable: 'NO' },
    { table: 'related_titles', column: 'job_title', type: 'text', nullable: 'NO' },
    { table: 'related_titles', column: 'related_title', type: 'text', nullable: 'NO' },
  ]);
  const keys = await service.query(
    `select conrelid::regclass::text as table, pg_get_constraintdef(oid) as key from pg_constraint
      where connamespace = 'datawarehouse'::regnamespace and contype in ('p', 'f') order by 1, 2`,
  );
  expect(keys).toEqual([
    { table: 'datawarehouse.job_titles', key: 'PRIMARY KEY (job_title)' },
    {
      table: 'datawarehouse.related_titles',
      key: 'FOREIGN KEY (job_title) REFERENCES datawarehouse.job_titles(job_title) DEFERRABLE INITIALLY DEFERRED',
    },
    { table: 'datawarehouse.related_titles', key: 'PRIMARY KEY (id)' },
  ]);
}

async function expectViews(service: Service, { counts, related }: Titles): Promise<void> {
  const managers = [...related].filter(([, others]) => others.has('manager'));
  const sum = managers.reduce((total, [title]) => total + (counts.get(title) ?? 0), 0);
  const average = await service.value('select average_pdl_count from datawarehouse.manager_titles');
  expect(Number(average)).toBe(Math.round(sum / managers.length));
  const titles = await service.query<{ job_title: string; related_titles: number }>(
    'select job_title, related_titles from datawarehouse.title_pdl_count',
  );
  const most = [...related.values()].map((others) => others.size).sort((a, b) => b - a);
  expect(titles.map((row) => row.related_titles)).toEqual(most.slice(0, 10));
  expect(titles.every((row) => related.get(row.job_title)?.size === row.related_titles)).toBe(true);
  const frequency = new Map<string, number>();
  for (const other of [...related.values()].flatMap((others) => [...others])) {
    frequency.set(other, (frequency.get(other) ?? 0) + 1);
  }
  const top = await service.query<{ related_title: string; job_titles: number }>(
    'select related_title, job_titles from datawarehouse.top_related_titles',
  );
  expect(top.map((row) => row.job_titles)).toEqual(
    [...frequency.values()].sort((a, b) => b - a).slice(0, 10),
  );
  expect(top.every((row) => frequency.get(row.related_title) === row.job_titles)).toBe(true);
}

function toCsv(records: readonly (readonly string[])[]): string {
  return records
    .map(
      (record) =>
        `${record.map((value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`,
    )
    .join('');
}
