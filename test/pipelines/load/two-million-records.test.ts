import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Engine } from './engine.ts';
import { COLUMNS, faultyFile, USER_TYPES } from './faulty-file.ts';

const RECORDS = 2_000_000;
const FAULTS = 137;
const NEWLINE = '\n';

/** Takes a minute and a gigabyte of memory: see CONTRIBUTING.md. */
describe.runIf(process.env['LARGE_TESTS'] === 'true')('two million records, some of them bad', () => {
  test('are loaded but for those, which are named exactly, corrected and then loaded too', async () => {
    const dialect = { delimiter: ';', quote: '"', escape: '"', newline: NEWLINE, header: true } as const;
    const engine = await Engine.open({}, [
      { name: 'large', match: 'large.csv', columns: COLUMNS, dialect: { ...dialect, encoding: 'utf-8' } },
    ]);
    try {
      await engine.query(USER_TYPES);
      const file = faultyFile({
        ...{
          table: 'large',
          dialect: { newline: NEWLINE, encoding: 'utf-8' },
          records: RECORDS,
          padding: 90,
        },
        // Unevenly spread, the first and the last record among them.
        faultsAt: Array.from({ length: FAULTS }, (_, at) => 1 + Math.round((RECORDS - 1) * (at / 136) ** 2)),
      });
      const kinds = new Set(file.wanted.map(({ code, sqlstate, column }) => `${code} ${sqlstate} ${column}`));
      expect(kinds.size).toBeGreaterThanOrEqual(12);
      const outcome = await engine.load('large.csv', file.bytes);
      const counts = { recordsRead: RECORDS, rowsLoaded: RECORDS - FAULTS, rowsRejected: FAULTS };
      expect(outcome).toMatchObject({ status: 'published', loads: [{ ...counts, rowsSkipped: 0 }] });
      expect(await engine.rejects(outcome.runId)).toEqual(file.wanted);
      await expectRows(engine, RECORDS - FAULTS, file.sums.numbers);

      const rejectFile = `large.csv.${outcome.runId}.csv`;
      const written = await readFile(join(engine.root, 'exports', 'rejects', rejectFile));
      const header = `${Object.keys(COLUMNS).join(';')}${NEWLINE}`;
      expect(written).toEqual(Buffer.concat([Buffer.from(header), ...file.wanted.map(({ raw }) => raw)]));
      await engine.load(rejectFile, file.corrected);
      expect(await engine.rejects(outcome.runId)).toEqual([]);
      await expectRows(engine, RECORDS, (RECORDS * (RECORDS + 1)) / 2);
      expect(await engine.orphans()).toEqual([]);
      console.log(
        `${(file.bytes.length / 1e6).toFixed(0)} MB, ${kinds.size} kinds of faults: ${JSON.stringify(outcome.loads)}`,
      );
    } finally {
      await engine.close();
    }
  }, 600_000);
});

async function expectRows(engine: Engine, rows: number, sum: number): Promise<void> {
  const found = await engine.query(
    `select count(*) as rows, count(distinct _row) as numbers, sum(_row)::bigint as sum,
            bool_and(id = _row and even = 2 * _row) as same from staging.large`,
  );
  expect(found).toEqual([{ rows, numbers: rows, sum, same: true }]);
}
