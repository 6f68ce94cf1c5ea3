import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine, type Rejected } from '../load/engine.ts';

const LARGE = 30_000;
const PADDING = 'x'.repeat(160);

let engine: Engine;

beforeAll(async () => {
  const names = ['keyed', 'deferrable', 'referring', 'watched', 'indexed'];
  engine = await Engine.open(
    { LANES: '2', REJECT_LIMIT: '100' },
    names.map((name) => ({ name, match: `${name}_*.csv` })),
  );
});

afterAll(() => engine.close());

interface Row {
  readonly id: number;
  readonly region: string;
}

/** Records with ids from 1 on, some of them changed; large enough for segments unless `count` is small. */
function fileOf(count: number, changed: ReadonlyMap<number, Partial<Row>> = new Map(), from = 1): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const { id, region } = { id: from + at, region: 'north', ...changed.get(at + 1) };
    return `${id},${region},"${PADDING}"\r\n`;
  });
  return `id,region,note\r\n${lines.join('')}`;
}

async function ready(name: string, ...statements: string[]): Promise<void> {
  await engine.load(`${name}_0.csv`, fileOf(2, new Map(), 1_000_001));
  for (const statement of statements)
    await engine.query(statement.replaceAll('TABLE', `staging.${name}__v1`));
}

function rowsOf(name: string, runId: number): Promise<number> {
  return engine.value(`select count(*)::int from only staging.${name}__v1 where _run_id = $1`, [runId]);
}

const shown = ({ record, line, column, code, sqlstate }: Rejected) => [record, line, column, code, sqlstate];

describe('a table with keys', () => {
  const faults = new Map<number, Partial<Row>>([
    [20_000, { id: 5 }],
    [20_001, { id: 1_000_001 }],
    [25_000, { region: 'nowhere' }],
    [25_001, { id: 7, region: 'nowhere' }],
    [30_000, { id: 29_999 }],
  ]);

  test('holds a large file to them: what violates one is rejected, the rest is in the table itself', async () => {
    await engine.query(
      "create table public.regions as select 'north' as name; alter table public.regions add primary key (name)",
    );
    await ready(
      'keyed',
      'alter table TABLE add constraint keyed_once unique (id)',
      'alter table TABLE add constraint keyed_region foreign key (region) references public.regions deferrable initially deferred',
    );
    const outcome = await engine.load('keyed_1.csv', fileOf(LARGE, faults));
    expect(outcome).toMatchObject({
      status: 'published',
      loads: [{ recordsRead: LARGE, rowsLoaded: LARGE - 5, rowsRejected: 5 }],
    });
    const rejects = await engine.rejects(outcome.runId);
    expect(rejects.map(shown)).toEqual([
      [20_000, 20_001, null, 'VALUE_REFUSED', '23505'],
      [20_001, 20_002, null, 'VALUE_REFUSED', '23505'],
      [25_000, 25_001, null, 'VALUE_REFUSED', '23503'],
      [25_001, 25_002, null, 'VALUE_REFUSED', '23503'],
      [30_000, 30_001, null, 'VALUE_REFUSED', '23505'],
    ]);
    expect(rejects[0]?.message).toBe('duplicate key value violates unique constraint "keyed_once"');
    expect(rejects[0]?.raw.toString()).toBe(`5,north,"${PADDING}"\r\n`);
    expect(await rowsOf('keyed', outcome.runId)).toBe(LARGE - 5);
    expect(await engine.orphans()).toEqual([]);
    await engine.retract(outcome.runId);
    expect(await engine.value('select count(*)::int from staging.keyed')).toBe(2);
  });

  test('rejects the same of a small file', async () => {
    const outcome = await engine.load(
      'keyed_2.csv',
      fileOf(
        6,
        new Map([
          [2, { id: 1 }],
          [3, { id: 1_000_001 }],
          [5, { region: 'nowhere' }],
        ]),
      ),
    );
    expect((await engine.rejects(outcome.runId)).map(shown)).toEqual([
      [2, 3, null, 'VALUE_REFUSED', '23505'],
      [3, 4, null, 'VALUE_REFUSED', '23505'],
      [5, 6, null, 'VALUE_REFUSED', '23503'],
    ]);
  });

  test('takes a corrected reject file', async () => {
    const outcome = await engine.load('keyed_3.csv', fileOf(LARGE, new Map([[9, { id: 100_000 }]]), 100_000));
    const [name = ''] = (await engine.filesIn('exports/rejects')).filter((one) =>
      one.startsWith(`keyed_3.csv.${outcome.runId}.csv`),
    );
    const fixed = await engine.load(name, fileOf(1, new Map([[1, { id: 8 }]])));
    expect(fixed).toMatchObject({ status: 'published', loads: [{ rowsLoaded: 1 }] });
    expect(await rowsOf('keyed', outcome.runId)).toBe(LARGE);
  });

  test('fails a large file with more violations than are allowed, and names some', async () => {
    const many = new Map(Array.from({ length: 102 }, (_, at) => [at + 1, { id: 200_000 }]));
    const outcome = await engine.load('keyed_4.csv', fileOf(LARGE, many, 300_000));
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'REJECT_LIMIT_EXCEEDED' });
    expect(await engine.rejects(outcome.runId)).toHaveLength(101);
    expect(await rowsOf('keyed', outcome.runId)).toBe(0);
    expect(await engine.orphans()).toEqual([]);
  });
});

test.each([
  ['deferrable', 'alter table TABLE add constraint TABLE_once unique (id) deferrable'],
  ['referring', 'alter table TABLE add unique (id), add foreign key (id) references TABLE (id)'],
])('a key that cannot be looked at as a whole fails the file: %s', async (name, statement) => {
  await ready(name, statement.replace('TABLE_once', `${name}_once`));
  const outcome = await engine.load(`${name}_1.csv`, fileOf(LARGE, new Map([[2, { id: 1 }]])));
  if (name === 'referring') expect(outcome.loads).toMatchObject([{ rowsRejected: 1 }]);
  else expect(outcome).toMatchObject({ status: 'failed', errorCode: 'DATABASE_REFUSED' });
  expect(await engine.orphans()).toEqual([]);
});

test('triggers see the rows of a large file', async () => {
  await ready(
    'watched',
    "create function public.upper_region() returns trigger language plpgsql as 'begin new.region := upper(new.region); return new; end'",
    'create trigger shout before insert on TABLE for each row execute function public.upper_region()',
  );
  const outcome = await engine.load('watched_1.csv', fileOf(LARGE));
  expect(
    await engine.value(
      "select count(*)::int from only staging.watched__v1 where region = 'NORTH' and _run_id = $1",
      [outcome.runId],
    ),
  ).toBe(LARGE);
});

test('other indexes are made on the segments', async () => {
  await ready('indexed', 'create index on TABLE (region, id)', 'create index on TABLE (id) where id > 10');
  const outcome = await engine.load('indexed_1.csv', fileOf(LARGE));
  expect(await rowsOf('indexed', outcome.runId)).toBe(0);
  const indexes = await engine.query<{ what: string }>(
    `select regexp_replace(indexdef, '^.* USING ', '') as what from pg_indexes
      where schemaname = 'staging_segments' and tablename like 'r${outcome.runId}\\_%' order by 1`,
  );
  const each = ['btree (id) WHERE (id > 10)', 'btree (region, id)'];
  expect(indexes.map(({ what }) => what)).toEqual(each.flatMap((what) => [what, what]));
});
