import { afterAll, beforeAll, expect, test } from 'vitest';
import { Engine } from '../load/engine.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await Engine.open({ LANES: '1' }, [
    { name: 'levels', match: 'levels_*.csv', columns: { id: 'bigint' }, disposition: 'replace' },
  ]);
});

afterAll(() => engine.close());

const WAITING_TO_PUBLISH = `
  select count(*)::int from pg_locks
   where not granted and mode = 'AccessExclusiveLock'
     and database = (select oid from pg_database where datname = current_database())`;

function fileOf(note: string): string {
  const lines = Array.from({ length: 30_000 }, (_, at) => `${at},${note.padEnd(160, '.')}\n`);
  return `id,note\n${lines.join('')}none,refused\n`;
}

test('a publish that a reader keeps waiting loses no reject of a large file', async () => {
  await engine.load('levels_1.csv', fileOf('first'));
  const reader = await engine.database.pool.connect();
  await reader.query('begin; select count(*) from staging.levels');
  const loading = engine.load('levels_2.csv', fileOf('second'));
  await expect.poll(() => engine.value(WAITING_TO_PUBLISH), { timeout: 60_000 }).toBeGreaterThan(0);
  await expect.poll(() => engine.value(WAITING_TO_PUBLISH), { timeout: 60_000 }).toBe(0);
  await reader.query('commit');
  reader.release();
  const outcome = await loading;
  expect(outcome).toMatchObject({ status: 'published', loads: [{ rowsLoaded: 30_000, rowsRejected: 1 }] });
  expect(await engine.rejects(outcome.runId)).toMatchObject([{ record: 30_001, code: 'VALUE_REFUSED' }]);
});
