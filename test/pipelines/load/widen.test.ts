import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from './engine.ts';

/** Wide enough that a sample does not see every record of a few MB. */
const FILLER = 'x'.repeat(150);
const RECORDS = 40_000;
const EARLY = 3;
/** Between two slices of the sample. */
const LATE = 31_111;

type Records = ReadonlyMap<number, string>;

/** Records of a number, a time, a truth and filler, but for those given. */
function file(odd: Records, records = RECORDS): string {
  let text = 'id,at,flag,filler\n';
  for (let n = 1; n <= records; n++) {
    text += odd.get(n) ?? `${n},2024-01-01 10:11:${String(n % 60).padStart(2, '0')},true,${FILLER}`;
    text += '\n';
  }
  return text;
}

describe('a guessed type that a record contradicts', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await Engine.open({ LANES: '2', REJECT_LIMIT: '10' });
  });

  afterAll(() => engine.close());

  test.each<[string, number, string, Record<string, string>]>([
    ['a word where numbers were', EARLY, `word,,f,y`, { id: 'text' }],
    ['a word where numbers were', LATE, `word,,f,y`, { id: 'text' }],
    ['a decimal where whole numbers were', LATE, `0.50,,f,y`, { id: 'numeric' }],
    ['leading zeros', LATE, `007,,f,y`, { id: 'text' }],
    ['a number beyond bigint', LATE, `92233720368547758070,,f,y`, { id: 'text' }],
    ['a zone', LATE, `${LATE},2024-01-01 10:00:00+02,f,y`, { at: 'text' }],
    ['a day that is none', LATE, `${LATE},2024-02-30 10:00:00,f,y`, { at: 'text' }],
    ['the end of a day', LATE, `${LATE},2024-01-01 24:00:00,f,y`, { at: 'text' }],
    ['a word for truth', LATE, `${LATE},,yes,y`, { flag: 'text' }],
    ['an empty text in quotes', LATE, `"",,f,y`, { id: 'text' }],
    ['several columns at once', LATE, `word,soon,perhaps,y`, { id: 'text', at: 'text', flag: 'text' }],
  ])(
    'widens the column, and every record keeps its text: %s at record %i',
    async (what, at, record, wider) => {
      const table = `t${at}_${what.replace(/\W+/g, '_')}`;
      const outcome = await engine.load(`${table}.csv`, file(new Map([[at, record]])));
      expect(outcome.loads).toMatchObject([{ rowsLoaded: RECORDS, rowsRejected: 0 }]);
      const guessed = { id: 'bigint', at: 'timestamp without time zone', flag: 'boolean', filler: 'text' };
      expect(await engine.types(table)).toEqual({ ...guessed, ...wider });
      const name = table.replaceAll('"', '');
      const [odd] = await engine.query<{ text: string }>(
        `select concat_ws(',', id, coalesce(at::text, ''), flag, filler) as text from staging."${name}" where _row = $1`,
        [at],
      );
      expect(odd?.text).toBe(record.replace('""', ''));
      expect(await engine.value(`select at::text from staging."${name}" where _row = 7`)).toBe(
        '2024-01-01 10:11:07',
      );
      expect(await engine.orphans()).toEqual([]);
    },
  );

  test('is found once: one restart settles every column of the file', async () => {
    const odd = new Map([
      [10_000, `1.5,,f,y`],
      [20_001, `x,soon,f,y`],
      [LATE, `7,,maybe,y`],
    ]);
    const outcome = await engine.load('thrice.csv', file(odd));
    expect(outcome.loads).toMatchObject([{ rowsLoaded: RECORDS, rowsRejected: 0 }]);
    expect(await engine.types('thrice')).toMatchObject({ id: 'text', at: 'text', flag: 'text' });
    // A second restart would have made segments of a second name.
    expect(
      await engine.query(
        'select id, at, flag from staging.thrice where _row in (10000, 20001, 31111) order by _row',
      ),
    ).toEqual([
      { id: '1.5', at: null, flag: 'f' },
      { id: 'x', at: 'soon', flag: 'f' },
      { id: '7', at: null, flag: 'maybe' },
    ]);
    const reads = await engine.value<number>('select attempt from sluice.run where run_id = $1', [
      outcome.runId,
    ]);
    expect(reads).toBe(1);
  });

  test('is not contradicted by records that are rejected anyway', async () => {
    const odd = new Map([
      [LATE, `word,2024-01-01 10:00:00,true,y,one too many`],
      [LATE + 1, `short`],
      [LATE + 2, `word,2024-01-01 10:00:00,true,"y"y`],
    ]);
    const outcome = await engine.load('ragged.csv', file(odd));
    expect(outcome.loads).toMatchObject([{ rowsLoaded: RECORDS - 3, rowsRejected: 3 }]);
    expect(await engine.types('ragged')).toMatchObject({ id: 'bigint' });
    const codes = (await engine.rejects(outcome.runId)).map(({ record, code }) => [record, code]);
    expect(codes).toEqual([
      [LATE, 'TOO_MANY_FIELDS'],
      [LATE + 1, 'TOO_FEW_FIELDS'],
      [LATE + 2, 'STRAY_QUOTE'],
    ]);
  });

  test('a second file widens what the first has, which keeps its values', async () => {
    await engine.load('twice_2026-11-20.csv', file(new Map(), 20));
    const odd = new Map([[LATE, `n/a,,f,y`]]);
    const outcome = await engine.load('twice_20260102.csv', file(odd));
    expect(outcome.loads).toMatchObject([{ rowsLoaded: RECORDS, versionTable: 'staging.twice__v1' }]);
    expect(await engine.types('twice')).toMatchObject({ id: 'text', at: 'timestamp without time zone' });
    expect(await engine.value('select count(*) from staging.twice')).toBe(RECORDS + 20);
    expect(
      await engine.value(
        `select string_agg(id, ',' order by _row) from staging.twice where _row in (7, ${LATE})`,
      ),
    ).toBe('7,7,n/a');
  });
});

describe('a guessed type beside declared ones', () => {
  test.each(['reject', 'pad'] as const)(
    'is widened, while a declared one rejects; short records: %s',
    async (ragged) => {
      const columns = { id: 'bigint' };
      const engine = await Engine.open({ LANES: '2', REJECT_LIMIT: '10' }, [
        { name: 'mixed', columns, ragged },
      ]);
      try {
        const odd = new Map([
          [EARLY, `no number,2024-01-01 10:00:00,true,y`],
          [10_000, `10000,soon`],
          [LATE, `${LATE},2024-01-01 10:00:00,perhaps,y`],
        ]);
        const outcome = await engine.load('mixed.csv', file(odd));
        const padded = ragged === 'pad';
        expect(outcome.loads).toMatchObject([{ rowsLoaded: padded ? RECORDS - 1 : RECORDS - 2 }]);
        expect(await engine.types('mixed')).toMatchObject({
          ...{ id: 'bigint', flag: 'text', at: padded ? 'text' : 'timestamp without time zone' },
        });
        const codes = (await engine.rejects(outcome.runId)).map(({ record, code, column }) => [
          record,
          code,
          column,
        ]);
        const short = [10_000, 'TOO_FEW_FIELDS', 'flag'];
        expect(codes).toEqual([[EARLY, 'VALUE_REFUSED', 'id'], ...(padded ? [] : [short])]);
      } finally {
        await engine.close();
      }
    },
  );
});
