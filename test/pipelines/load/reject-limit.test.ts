import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from './engine.ts';

const DECLARED = { id: 'bigint', note: 'text' };

/** `bad` of the records, evenly spread, have no number. */
function file(records: number, bad: number, padding = 0): string {
  const every = Math.floor(records / Math.max(1, bad));
  const line = (n: number) => `${n % every === 0 && n / every <= bad ? 'x' : n},${'.'.repeat(padding)}`;
  return `id,note\n${Array.from({ length: records }, (_, at) => line(at + 1)).join('\n')}\n`;
}

describe.each([
  ['small', 200, 0],
  ['large', 30_000, 300],
])('REJECT_LIMIT, a %s file', (size, records, padding) => {
  const engines = new Map<string, Engine>();
  const LIMITS = ['none', '10', '5%', '0'];
  const bad = (percent: number) => (records * percent) / 100;

  beforeAll(async () => {
    const own = { name: 'own', match: 'own*.csv', columns: DECLARED };
    const datasets = [
      { ...own, rejectLimit: '1%' },
      { name: 'other', match: 'other*.csv', columns: DECLARED },
    ];
    for (const limit of LIMITS) {
      engines.set(limit, await Engine.open({ LANES: '2', REJECT_LIMIT: limit }, datasets));
    }
  });

  afterAll(async () => {
    for (const engine of engines.values()) await engine.close();
  });

  test.each<[string, string, number, boolean]>([
    ['none', 'other', records, true],
    ['10', 'other', 10, true],
    ['10', 'other', 11, false],
    ['5%', 'other', bad(5), true],
    ['5%', 'other', bad(5) + 1, false],
    ['0', 'other', 0, true],
    ['0', 'other', 1, false],
    // A dataset's own limit comes before the general one.
    ['none', 'own', bad(1), true],
    ['none', 'own', bad(1) + 1, false],
    ['0', 'own', 1, true],
  ])('of %s, dataset %s: with %i rejects published is %s', async (limit, dataset, rejected, published) => {
    const engine = engines.get(limit) as Engine;
    const before = await engine.value<boolean>(`select to_regclass('staging.${dataset}') is null`);
    const name = `${dataset}_${rejected}.csv`;
    const outcome = await engine.load(name, file(records, rejected, padding));
    const rejects = await engine.rejects(outcome.runId);
    if (published) {
      expect(outcome).toMatchObject({ status: 'published' });
      expect(outcome.loads).toMatchObject([{ rowsLoaded: records - rejected, rowsRejected: rejected }]);
      expect(rejects).toHaveLength(rejected);
      return;
    }
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'REJECT_LIMIT_EXCEEDED' });
    expect(outcome.errorMessage).toContain(`rejected; the limit is`);
    // What was found until then is listed, and nothing of the file is anywhere else.
    expect(rejects.length).toBeGreaterThan(0);
    expect(outcome.loads).toMatchObject([{ status: 'failed', rowsLoaded: 0, rowsRejected: rejects.length }]);
    for (const { raw, sqlstate } of rejects) {
      expect(raw.toString()).toBe(`x,${'.'.repeat(padding)}\n`);
      expect(sqlstate).toBe('22P02');
    }
    if (before) expect(await engine.value(`select to_regclass('staging.${dataset}')`)).toBeNull();
    else expect(await rowsOf(engine, dataset, outcome.runId)).toBe(0);
    expect(await engine.orphans()).toEqual([]);
  });

  test('every record bad: all are listed, and the table stays empty', async () => {
    const engine = engines.get('none') as Engine;
    const text = file(records, records, padding);
    const outcome = await engine.load(`other_all_bad_${size}.csv`, `${text}x,the last\n`);
    expect(outcome.loads).toMatchObject([{ rowsLoaded: 0, rowsRejected: records + 1 }]);
    const rejects = await engine.rejects(outcome.runId);
    expect(rejects.map(({ record, line }) => line - record).every((by) => by === 1)).toBe(true);
    expect(rejects.at(-1)).toMatchObject({ record: records + 1, column: 'id' });
  });
});

function rowsOf(engine: Engine, table: string, runId: number): Promise<number> {
  return engine.value(`select count(*) from staging.${table} where _run_id = $1`, [runId]);
}

test('a block of nothing but tiny bad records is more than one message can hold, and still listed', async () => {
  const engine = await Engine.open({ LANES: '1', REJECT_LIMIT: 'none' }, [
    { name: 'tiny', match: 'tiny*.csv', columns: DECLARED, dialect: { delimiter: ',', header: true } },
  ]);
  try {
    const records = 150_000;
    const outcome = await engine.load('tiny.csv', `id,note\n${'7\n'.repeat(records)}1,ok\n`);
    expect(outcome.errorMessage).toBeNull();
    expect(outcome.loads).toMatchObject([{ recordsRead: records + 1, rowsLoaded: 1, rowsRejected: records }]);
    const counts = await engine.query(
      'select count(*) as rejects, sum(record_number)::bigint as sum, count(distinct line_number) as lines from sluice.rejects',
    );
    expect(counts).toEqual([{ rejects: records, sum: (records * (records + 1)) / 2, lines: records }]);
  } finally {
    await engine.close();
  }
});
