import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/ledger/outcomes.ts';
import { outcomeLine } from '../../../src/pipelines/outcome/log-line.ts';
import { deliver } from '../../entry-points.ts';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { ReusedDatabases } from '../../reused-databases.ts';
import { ARCHIVES, type ArchiveName, DUMPS, readDump } from './read-dumps.ts';

const databases = new ReusedDatabases();
afterAll(() => databases.drop());

describe('the dumps of two applications', () => {
  it('come in whole, as another reader sees them', async () => {
    await deliver('once', { folder: DUMPS, env: {} }, databases, async ({ files, database }) => {
      expect(new Set(Object.values(files))).toEqual(new Set(['published']));
      const { pool } = database;
      for (const [table, expected] of await readByHand())
        expect(await valuesIn(pool, table), table).toEqual(expected);
      expect(await typesOf(pool, 'lms_users')).toMatchObject({
        userid: 'integer',
        username: 'text',
        isactive: 'boolean',
        createdon: 'timestamp without time zone',
        rowguid: 'uuid',
      });
      expect(await typesOf(pool, 'lms_courses')).toMatchObject({
        price: 'numeric(19,4)',
        duration: 'smallint',
      });
      expect(await typesOf(pool, 'crm_accounts')).toEqual({
        ...{ id: 'bigint', name: 'character varying(255)', status: 'text', amount: 'numeric(12,2)' },
        ...{ active: 'boolean', created_at: 'timestamp without time zone', payload: 'json', note: 'text' },
        ...{ updated_at: 'timestamp without time zone', year_founded: 'integer' },
      });
    });
  });
});

describe('a dump', () => {
  const columns = (types: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(types).map(([tbl_col, col_type]) => ({ tbl_col, col_type })));

  it('has its values rewritten where Postgres would refuse or misread them', async () => {
    const types = {
      id: 'int(10) unsigned',
      day: 'date',
      flag: 'bit(1)',
      bits: 'bit(4)',
      tags: "set('a','b')",
    };
    const zip = buildZip([
      { name: 'app/T.JSON', content: columns({ ...types, blob: 'blob', took: 'time', n: 'tinyint(1)' }) },
      {
        name: 'app/t.csv',
        content:
          "1,0000-00-00,b'1',b'101',\"a,b\",0x00FF,838:59:59,1\n2,2020-01-02,b'0',3,\"\",0x,,\n3,2020-00-00,b'0',3,\"\",0x,,\n4,2020-01-02,b'0',3,\"\",0x,,2\n",
      },
    ]);
    await withDump(zip, 'x_v1.zip', {}, async (pool) => {
      expect(await valuesIn(pool, 'x_t')).toEqual([
        ['1', null, 'true', '0101', '{a,b}', '\\x00ff', '838:59:59', 'true'],
        ['2', '2020-01-02', 'false', '0011', '{}', '\\x', null, null],
      ]);
      const { rows } = await pool.query(
        'select column_name as c, raw from sluice.rejects order by record_number',
      );
      expect(rows.map(({ c, raw }) => [c, raw.toString()])).toEqual([
        ['day', '3,2020-00-00,b\'0\',3,"",0x,,\n'],
        ['n', '4,2020-01-02,b\'0\',3,"",0x,,2\n'],
      ]);
    });
  });

  it('loads what its descriptors leave out, and says so', async () => {
    const zip = buildZip([
      { name: 't.json', content: columns({ a: 'int', gone: 'int' }) },
      { name: 't.dat', content: 'a|more\n1|x\nNULL|y\n' },
      { name: 'bare.dat', content: 'n|m\n1|NULL\n2|3\n' },
      { name: 'lone.json', content: columns({ a: 'int' }) },
    ]);
    await withDump(zip, '20240105093000_app-2.3.1.zip', {}, async (pool, { outcome, root }) => {
      expect(await valuesIn(pool, 'app_t')).toEqual([
        ['1', 'x'],
        [null, 'y'],
      ]);
      expect(await valuesIn(pool, 'app_bare')).toEqual([
        ['1', null],
        ['2', '3'],
      ]);
      const notes = [
        { name: 'lone.json', reason: expect.stringContaining('without data') },
        { name: 't.dat', reason: expect.stringContaining('gone') },
        { name: 't.dat', reason: expect.stringContaining('more') },
        { name: 'bare.dat', reason: expect.stringContaining('without a descriptor') },
      ];
      expect(outcome.notes).toEqual(notes);
      expect(outcomeLine(outcome)).toMatch(/4 notes: lone\.json: .*, t\.dat: .*, …$/);
      expect(await receiptIn(root)).toMatchObject({ notes });
    });
  });

  it('has the application, label and date that the configuration finds in its name, and datasets of other names', async () => {
    const zip = buildZip([
      { name: 'users.json', content: columns({ a: 'int' }) },
      { name: 'users.dat', content: 'a\n1\n' },
      { name: 'courses.json', content: columns({ a: 'int' }) },
      { name: 'courses.dat', content: 'a\n2\n' },
    ]);
    const dumps = '{ match: /^export-(?<date>\\d{8})-(?<label>r\\d+)\\.zip$/, app: "lms" }';
    const config = `export default { dumps: [${dumps}], datasets: [{ name: 'people', match: 'lms_users.dat' }] };`;
    await withDump(zip, 'export-20240105-r7.zip', { config }, async (pool, { outcome }) => {
      const tables = outcome.loads.map(({ versionTable }) => versionTable);
      expect(tables.sort()).toEqual(['staging.lms_courses__r7', 'staging.people__r7']);
      expect(outcome.businessDate).toBe('2024-01-05');
      expect(await valuesIn(pool, 'people')).toEqual([['1']]);
    });
    const bare = `export default { dumps: [{ match: 'export-*', app: '', label: false }] };`;
    await withDump(zip, 'export-20240105-r7.zip', { config: bare }, async (pool) => {
      expect(await valuesIn(pool, 'courses')).toEqual([['2']]);
    });
  });

  it('takes columns for different ones whose names differ only before they are normalised', async () => {
    const zip = buildZip([
      { name: 't.json', content: columns({ a: 'int', A: 'varchar(5)', 'b c': 'date', b_c: 'int' }) },
      { name: 't.dat', content: 'A|a|b_c|b c\nx|1|2|2026-01-02\n' },
    ]);
    await withDump(zip, 'app_v1.zip', {}, async (pool) => {
      expect(await typesOf(pool, 'app_t')).toEqual({
        ...{ a_2: 'character varying(5)', a: 'integer', b_c: 'integer', b_c_2: 'date' },
      });
    });
  });

  it('obeys the types, source and binary option of its dataset', async () => {
    const zip = buildZip([
      { name: 't.json', content: columns({ a: 'tinyint(1)', odd: 'hologram', picture: 'image' }) },
      { name: 't.dat', content: '1|x|0xFF\n2|y|0x00\n' },
    ]);
    const config = `export default { datasets: [{ name: 'app_t', source: 'sqlserver', binary: 'drop', columns: { odd: 'text', a: 'smallint' } }] };`;
    await withDump(zip, 'app_v1.zip', { config }, async (pool) => {
      expect(await valuesIn(pool, 'app_t')).toEqual([
        ['1', 'x'],
        ['2', 'y'],
      ]);
    });
  });
});

async function withDump(
  zip: Buffer,
  name: string,
  { config = '' }: { config?: string },
  inspect: (pool: Pool, came: { outcome: Outcome; root: string }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-dump-'));
  try {
    await mkdir(join(folder, 'drop'));
    await writeFile(join(folder, 'drop', name), zip);
    if (config !== '') await writeFile(join(folder, 'sluice.config.ts'), config);
    const env = { REJECT_LIMIT: 'none' };
    await deliver('once', { folder, env }, databases, async ({ files, database, outcomes, root }) => {
      const [outcome] = outcomes;
      expect(files, outcome?.errorMessage ?? '').toEqual({ [name]: 'published' });
      if (outcome !== undefined) await inspect(database.pool, { outcome, root });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function receiptIn(root: string): Promise<unknown> {
  const folder = join(root, 'exports/receipts');
  const [name = ''] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, name), 'utf8'));
}

async function typesOf(pool: Pool, table: string): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and attname not in ('_run_id', '_row')`,
    [`staging.${table}`],
  );
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

/** All rows of the parent as text, sorted; of a table of several layouts, the columns that the first has. */
async function valuesIn(pool: Pool, table: string): Promise<(string | null)[][]> {
  const names = Object.keys(await typesOf(pool, table)).slice(0, WIDTHS[table]);
  const { rows } = await pool.query({
    text: `select ${names.map((name) => `"${name}"::text`).join(', ')} from staging.${table}`,
    rowMode: 'array',
  });
  return sorted(rows);
}

const WIDTHS: Readonly<Record<string, number>> = { lms_users: 8, lms_courses: 6 };

function sorted(rows: (string | null)[][]): (string | null)[][] {
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Rows of the four archives by table, read without any of Sluice. */
async function readByHand(): Promise<Map<string, (string | null)[][]>> {
  const tables = new Map<string, (string | null)[][]>();
  for (const [archive, app] of Object.entries(ARCHIVES)) {
    for (const [name, { rows }] of await readDump(archive as ArchiveName)) {
      const table = `${app}_${name}`;
      const cut = rows.map((row) => row.slice(0, WIDTHS[table]));
      tables.set(table, [...(tables.get(table) ?? []), ...cut]);
    }
  }
  expect([...tables].map(([name, rows]) => [name, rows.length]).sort()).toEqual([
    ['crm_accounts', 500],
    ['lms_courses', 150],
    ['lms_userassignedcourses', 10_000],
    ['lms_users', 3000],
  ]);
  return new Map([...tables].map(([name, rows]) => [name, sorted(rows)]));
}
