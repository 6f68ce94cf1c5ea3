import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { Engine } from './engine.ts';
import { COLUMNS, type FaultyFile, type FileShape, faultyFile, RULES, USER_TYPES } from './faulty-file.ts';

type Newline = Dialect['newline'];
const NEWLINES: readonly (readonly [string, Newline])[] = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
];

/** Every third record, some in a row, and both ends. */
const SMALL = {
  records: 120,
  faultsAt: [1, 2, 3, ...Array.from({ length: 35 }, (_, at) => 6 + 3 * at), 119, 120],
};
/** Three blocks, with a few faults here and there and many in one place. */
const LARGE = {
  records: 20_000,
  padding: 350,
  faultsAt: [
    ...[1, 7, 3000, 3001, 3050],
    ...Array.from({ length: 60 }, (_, at) => 8000 + 2 * at),
    ...[15_555, 19_999, 20_000],
  ],
};

/** A dataset for each dialect, declared in every detail. */
function dataset(name: string, dialect: Pick<Dialect, 'newline' | 'encoding'>) {
  const quoting = { delimiter: ';', quote: '"', escape: '"', header: true, nullMarker: '', preambleLines: 0 };
  return { name, match: `${name}_*.csv`, columns: COLUMNS, dialect: { ...quoting, ...dialect } };
}

function expectAccount(engine: Engine, table: string, file: FaultyFile) {
  return async (name: string): Promise<void> => {
    const outcome = await engine.load(name, file.bytes);
    expect(outcome).toMatchObject({ status: 'published', errorCode: null });
    const loaded = file.records - file.wanted.length;
    const counts = { recordsRead: file.records, rowsLoaded: loaded, rowsRejected: file.wanted.length };
    expect(outcome.loads).toMatchObject([
      { ...counts, rowsSkipped: 0, versionTable: `staging.${table}__v1` },
    ]);
    const rejects = await engine.rejects(outcome.runId);
    expect(rejects.map(({ record }) => record)).toEqual(file.wanted.map(({ record }) => record));
    expect(rejects).toEqual(file.wanted);
    const [sums] = await engine.query(
      `select count(*) as rows, count(distinct _row) as numbers, sum(_row)::bigint as sum, bool_and(id = _row and even = 2 * _row) as same,
              sum(length(note))::bigint as lengths, bool_and(note like 'né ' || id || '%') as whole
         from staging.${table} where _run_id = $1`,
      [outcome.runId],
    );
    const { numbers, noteLengths } = file.sums;
    expect(sums).toEqual({
      ...{ rows: loaded, numbers: loaded, sum: numbers, same: true, lengths: noteLengths, whole: true },
    });
    expect(await engine.orphans()).toEqual([]);
  };
}

describe.each([
  ['1', NEWLINES.slice(0, 1)],
  ['2', NEWLINES],
  ['3', NEWLINES.slice(0, 1)],
])('rescue over %s lanes', (lanes, newlines) => {
  let engine: Engine;
  const datasets = newlines.map(([name, newline]) =>
    dataset(name.toLowerCase(), { newline, encoding: 'utf-8' }),
  );

  beforeAll(async () => {
    engine = await Engine.open({ LANES: lanes, REJECT_LIMIT: 'none' }, datasets);
    await engine.query(USER_TYPES);
  });

  afterAll(() => engine.close());

  test.each(newlines)(
    'loads all the sound records of a %s file, and names what is wrong with the others',
    async (name, newline) => {
      const table = name.toLowerCase();
      const shape = { table, dialect: { newline, encoding: 'utf-8' as const } };
      const run = (size: typeof SMALL, file: string, rules: FileShape['rules'] = []) =>
        expectAccount(engine, table, faultyFile({ ...shape, rules, ...size }))(`${table}_${file}.csv`);
      await run(LARGE, 'large');
      await run(SMALL, 'small');
      // Somebody adds a rule between two loads, and then another one.
      await engine.query(RULES.check.sql(table));
      await run(SMALL, 'small_check', ['check']);
      await engine.query(RULES.notNull.sql(table));
      await run(LARGE, 'large_rules', ['check', 'notNull']);
    },
  );
});

describe('rescue of files in other encodings', () => {
  const ENCODINGS = ['latin1', 'windows-1252', 'utf-16le', 'utf-16be'] as const;
  const nameOf = (encoding: string) => encoding.replaceAll('-', '');
  let engine: Engine;

  beforeAll(async () => {
    const datasets = ENCODINGS.map((encoding) => dataset(nameOf(encoding), { newline: '\r\n', encoding }));
    engine = await Engine.open({ LANES: '2', REJECT_LIMIT: 'none' }, datasets);
    await engine.query(USER_TYPES);
  });

  afterAll(() => engine.close());

  test.each(ENCODINGS)('gives the bytes of a %s file back as they stood there', async (encoding) => {
    const table = nameOf(encoding);
    const shape = { table, dialect: { newline: '\r\n' as const, encoding } };
    await expectAccount(engine, table, faultyFile({ ...shape, ...SMALL }))(`${table}_small.csv`);
    const large = { ...LARGE, padding: encoding.startsWith('utf-16') ? 20 : 100 };
    await expectAccount(engine, table, faultyFile({ ...shape, ...large }))(`${table}_large.csv`);
  });
});
