import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUS } from '../../src/entities/status.ts';
import { BOOKKEEPING_RELATIONS } from '../../src/schema-init/made-objects.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let docs: string;
beforeAll(async () => {
  database = await createTestDatabase();
  docs = await readFile(new URL('../../docs/schema.md', import.meta.url), 'utf8');
});
afterAll(() => database.drop());

/** The cells of the first table below a heading. */
function tableUnder(heading: string): string[][] {
  const section = docs.split(`${heading}\n`)[1]?.split('\n#')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('docs/schema.md', () => {
  it.each(['files', 'loads', 'rejects', 'versions', 'models', 'checks', 'check_failures', 'exports'])(
    'lists the columns of sluice.%s with their types',
    async (view) => {
      const { rows } = await database.pool.query<{ column_name: string; type: string }>(
        `select attname as column_name, replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz')
         as type
       from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum`,
        [`sluice.${view}`],
      );
      const documented = tableUnder(`### sluice.${view}`).map(([name, type]) => ({
        column_name: name,
        type,
      }));
      expect(documented).toEqual(rows);
    },
  );

  it('explains every status', () => {
    expect(tableUnder('## States').map(([status]) => status)).toEqual(Object.values(STATUS));
  });

  it('lists every bookkeeping table', () => {
    const views = ['files', 'loads', 'rejects', 'versions', 'models', 'checks', 'check_failures', 'exports'];
    const tables = BOOKKEEPING_RELATIONS.filter((name) => !views.includes(name)).map(
      (name) => `sluice.${name}`,
    );
    expect(
      tableUnder('## Tables')
        .map(([name]) => name)
        .sort(),
    ).toEqual(tables.sort());
  });
});
