import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { quoteIdentifier } from '../src/db/identifiers.ts';
import { CATALOGUE } from '../src/errors.ts';
import { type Delivered, deliver, ENTRY_POINTS } from './entry-points.ts';
import { ReusedDatabases } from './reused-databases.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const databases = new ReusedDatabases();
afterAll(() => databases.drop());

describe.concurrent('a good drop', () => {
  for (const name of cases('success')) {
    const folder = join(FIXTURES, 'success', name);
    const expected = readExpected(join(folder, 'expected'));
    it.for(ENTRY_POINTS)(`${name}, through %s`, async (entryPoint, { expect }) => {
      await deliver(entryPoint, { folder, env: readEnv(folder) }, databases, async (delivered) => {
        const { exitCode, files, database } = delivered;
        expect({ exitCode, files }).toEqual(expected.outcome);
        expect(await readTables(database.pool, Object.keys(expected.tables))).toEqual(expected.tables);
        expect(await parents(database.pool)).toEqual(Object.keys(expected.tables).filter(isParent).sort());
        await expectBalanced(delivered);
        await expectCarriedOut(delivered);
      });
    });
  }
});

describe.concurrent('a bad drop', () => {
  for (const name of cases('failure')) {
    const folder = join(FIXTURES, 'failure', name);
    const code = /^[A-Z0-9_]+/.exec(name)?.[0] ?? '';
    it.for(ENTRY_POINTS)(`${name}, through %s`, async (entryPoint, { expect }) => {
      expect(Object.keys(CATALOGUE)).toContain(code);
      await deliver(entryPoint, { folder, env: readEnv(folder) }, databases, async (delivered) => {
        const failed = Object.values(delivered.files).filter((result) => result.startsWith('failed'));
        const messages = delivered.outcomes.map((outcome) => outcome.errorMessage).join('\n');
        expect([...new Set(failed)], messages).toEqual([`failed ${code}`]);
        expect(delivered.exitCode).toBe(2);
        await expectBalanced(delivered);
        await expectCarriedOut(delivered);
      });
    });
  }
});

interface Table {
  /** Type by name, in order. */
  readonly columns: Readonly<Record<string, string>>;
  /** `_row`, then the values as text. */
  readonly rows: readonly (number | string | null)[][];
}

function cases(kind: 'success' | 'failure'): string[] {
  return readdirSync(join(FIXTURES, kind));
}

function readEnv(folder: string): Record<string, string> {
  const file = join(folder, 'env.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function readExpected(folder: string): { outcome: unknown; tables: Record<string, Table> } {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const files = readdirSync(join(folder, 'tables'));
  const tables = files.map((file) => [file.replace(/\.json$/, ''), read(`tables/${file}`)]);
  return { outcome: read('outcome.json'), tables: Object.fromEntries(tables) };
}

function isParent(table: string): boolean {
  return !/__v\d+(?:__|$)/.test(table);
}

async function parents(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where nspname = 'staging' and relkind = 'r' and not exists (select from pg_inherits where inhrelid = c.oid)
      order by relname collate "C"`,
  );
  return rows.map((row) => row.name);
}

async function readTables(pool: Pool, names: readonly string[]): Promise<Record<string, Table>> {
  const tables: Record<string, Table> = {};
  for (const name of names) tables[name] = await readTable(pool, name);
  return tables;
}

async function readTable(pool: Pool, name: string): Promise<Table> {
  const table = `staging.${quoteIdentifier(name)}`;
  const { rows: columns } = await pool.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname not in ('_run_id', '_row')
      order by attnum`,
    [table],
  );
  const list = columns.map((column) => `${quoteIdentifier(column.name)}::text`).join(', ');
  const { rows } = await pool.query({
    text: `select _row, ${list} from ${table} order by _run_id, _row, ${list}`,
    rowMode: 'array',
  });
  return { columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])), rows };
}

/** I1, and nothing visible or left behind that the ledger does not know. */
async function expectBalanced({ database, outcomes }: Delivered): Promise<void> {
  for (const { runId, loads, status } of outcomes) {
    const published = loads.filter((load) => load.status === 'published');
    if (status === 'published') expect(published).not.toHaveLength(0);
    const expected = new Map<string, number>();
    for (const load of published) {
      expect(load.recordsRead).toBe(load.rowsLoaded + load.rowsRejected + load.rowsSkipped);
      if (load.versionTable !== null)
        expected.set(load.versionTable, (expected.get(load.versionTable) ?? 0) + load.rowsLoaded);
    }
    for (const [table, count] of expected) {
      const { rows } = await database.pool.query(`select count(*) from ${table} where _run_id = $1`, [runId]);
      expect(rows).toEqual([{ count }]);
    }
  }
  const { rows } = await database.pool.query("select from sluice.loads where status <> 'published'");
  const unpublished = outcomes.map(({ status, loads }) => {
    const entries = loads.filter((load) => load.status !== 'published').length;
    return status === 'published' ? entries : Math.max(1, entries);
  });
  expect(rows.length).toBe(unpublished.reduce((sum, entries) => sum + entries, 0));
}

/** A receipt for each file, and each file where its outcome puts it. */
async function expectCarriedOut({ outcomes, root }: Delivered): Promise<void> {
  const folderOfReceipts = join(root, 'exports', 'receipts');
  const receipts = (await readdir(folderOfReceipts)).map((name) => join(folderOfReceipts, name));
  expect(receipts.length).toBe(outcomes.length);
  const places = new Set<string>();
  for (const receipt of receipts) {
    const { movedTo, path, status, error } = JSON.parse(await readFile(receipt, 'utf8'));
    places.add(movedTo);
    const origin = path.startsWith('/') ? 'command' : 'imports';
    const folder = origin === 'command' ? '' : join(root, 'imports');
    expect(existsSync(join(folder, movedTo)), movedTo).toBe(true);
    if (origin === 'imports') expect(movedTo).toMatch(status === 'failed' ? /^failed\// : /^processed\//);
    const isGood = status === 'published' || status === 'superseded';
    expect(typeof error?.remedy).toBe(isGood ? 'undefined' : 'string');
  }
  expect(places.size, 'namesakes end in different places').toBe(receipts.length);
}
