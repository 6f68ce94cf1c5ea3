import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { DatasetConfig } from '../../src/config/define.ts';
import { Engine } from './load/engine.ts';

// Two hundred loads, perhaps on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

interface Drop {
  readonly name: string;
  readonly content: string | Buffer;
}

const HEADER = 'id,name,amount,day,at,flag\n';
const REST = '1.5,2024-01-01,2024-01-01 00:00,true';

function records(from: number, count: number): string {
  let text = '';
  for (let id = from; id < from + count; id++)
    text += `${id},"Müller, ${id}",${id}.5,2024-01-${10 + (id % 20)},2024-01-01 12:30:${10 + (id % 49)},${id % 2 === 0}\n`;
  return text;
}

const engines: Engine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

async function engine(datasets: readonly DatasetConfig[] = []): Promise<Engine> {
  const opened = await Engine.open({ CONCURRENCY: '1', REJECT_LIMIT: 'none' }, datasets);
  engines.push(opened);
  return opened;
}

/** All that became of files, whatever the numbers of their runs. */
async function everything(from: Engine) {
  const loads = await from.query(
    `select f.name, f.status, f.sha256, f.business_date::text, d.name as dataset, v.table_name, l.records_read, l.rows_loaded,
            l.rows_rejected, l.dialect, encode(l.head, 'hex') as head, l.content_sha256, r.error_code, r.error_message
       from sluice.source_file f join sluice.run r using (run_id) left join sluice.load_job l on l.file_id = f.file_id
       left join sluice.dataset d using (dataset_id) left join sluice.version v using (version_id) order by f.name`,
  );
  const rejects = await from.query(
    'select file_name, record_number, line_number, column_name, code, message, raw from sluice.rejects order by 1, 2',
  );
  const versions = await from.query('select * from sluice.versions order by dataset, version');
  const rows: unknown[] = [];
  for (const { name } of await from.query<{ name: string }>(
    'select parent_table as name from sluice.dataset order by 1',
  )) {
    rows.push(
      await from.query(
        `select t.tableoid::regclass::text, f.name as file, to_jsonb(t) - '_run_id' as fields
           from staging."${name}" t join sluice.source_file f on f.run_id = t._run_id order by 2, t._row`,
      ),
    );
  }
  const firstRuns = versions.map((version) => ({ ...(version as object), first_run_id: null }));
  return { loads: loads.map(plainPaths(from)), rejects, versions: firstRuns, rows };
}

/** Messages name the files' folder. */
function plainPaths({ root }: Engine) {
  return (row: unknown): unknown => JSON.parse(JSON.stringify(row).replaceAll(root, ''));
}

/** Files that wait together reuse what the first of them have shown; one by one, each is looked at in full. */
async function expectSame(drops: readonly Drop[], datasets: readonly DatasetConfig[] = []): Promise<Engine> {
  const together = await engine(datasets);
  const oneByOne = await engine(datasets);
  await together.loadAll(drops);
  for (const drop of drops) await oneByOne.loadAll([drop]);
  expect(await everything(together)).toEqual(await everything(oneByOne));
  return together;
}

/** What follows some usual files; `id` is the first record's. */
const ODD: Readonly<Record<string, (id: number) => string | Buffer>> = {
  'another delimiter': (id) => (HEADER + records(id, 3)).replaceAll(',', ';'),
  'another delimiter below the header': (id) => `${HEADER}${id};2;3\n`,
  'another encoding': (id) => Buffer.from(HEADER + records(id, 3), 'latin1'),
  'UTF-16': (id) => Buffer.from(`\ufeff${HEADER}${records(id, 3)}`, 'utf16le'),
  'a byte-order mark': (id) => `\ufeff${HEADER}${records(id, 3)}`,
  'columns in another order': (id) => `name,id,amount,day,at,flag\nx,${id},${REST}\n`,
  'a column more': (id) => `id,name,amount,day,at,flag,more\n${id},x,${REST},7\n`,
  'a column less': (id) => `id,name,amount,day,at\n${id},x,1.5,2024-01-01,2024-01-01 00:00\n`,
  'no header': (id) => records(id, 3),
  'a header alone': () => HEADER,
  'a preamble': (id) => `Report\n${HEADER}${records(id, 3)}`,
  'CRLF line ends': (id) => (HEADER + records(id, 3)).replaceAll('\n', '\r\n'),
  'mixed line ends': (id) => `${HEADER}${id},x,${REST}\r\n${id + 1},x,${REST}\n`,
  'quoted newlines': (id) => `${HEADER}${id},"x\ny, ""z""",${REST}\n`,
  'quoted values': (id) => `${HEADER}"${id}",x,"1.5","2024-01-01",2024-01-01 00:00,"true"\n`,
  NULLs: (id) => `${HEADER}${id},,,,,\n`,
  'an empty quoted number': (id) => `${HEADER}${id},x,"",2024-01-01,2024-01-01 00:00,true\n`,
  'no newline at the end': (id) => `${HEADER}${id},x,${REST}`,
  'too few fields': (id) => `${HEADER}${id},x\n${id + 1},x,${REST}\n`,
  'too many fields': (id) => `${HEADER}${id},x,${REST},,\n${id + 1},x,${REST}\n`,
  'a stray quote': (id) => `${HEADER}${id},5" pipe,${REST}\n`,
  'an open quote': (id) => `${HEADER}${id},"x,${REST}\n${id + 1},y,${REST}\n`,
  'a NUL byte': (id) => `${HEADER}${id},x\0,${REST}\n`,
  'leading zeros': (id) => `${HEADER}00${id},x,${REST}\n`,
  'a day that there is not': (id) => `${HEADER}${id},x,1.5,2024-02-30,2024-01-01 00:00,true\n`,
  'a time that there is not': (id) => `${HEADER}${id},x,1.5,2024-02-20,2024-01-01 12:60,true\n`,
  'another kind of flag': (id) => `${HEADER}${id},x,1.5,2024-02-20,2024-01-01 12:00,yes\n`,
  'a zone': (id) => `${HEADER}${id},x,1.5,2024-02-20,2024-01-01 12:00Z,true\n`,
  'apostrophes around a text': (id) => `${HEADER}${id},'x',${REST}\n`,
  'a backslash before a quote': (id) => `${HEADER}${id},"x\\"",${REST}\n`,
  'the content of an earlier one': (id) => HEADER + records(id - 30, 3),
  'nothing in it': () => '',
};

test('a file right after many of its dataset that are alike is taken for what it is', async () => {
  const drops = Object.values(ODD).flatMap((odd, dataset) => {
    const file = (n: number, content: string | Buffer) => ({
      name: `feed${dataset}_2020-01-${10 + n}.csv`,
      content,
    });
    const usual = (n: number) => file(n, HEADER + records(dataset * 1000 + n * 10, 3));
    // The first makes the dataset, the second shows what its files are like, the third is recognised.
    return [usual(1), usual(2), usual(3), file(5, odd(dataset * 1000 + 40))];
  });
  await expectSame(drops);
});

const cell = fc.oneof(
  { weight: 40, arbitrary: fc.nat(9_999).map(String) },
  {
    weight: 20,
    arbitrary: fc.constantFrom(
      '',
      'x',
      'a b',
      'é',
      '1.5',
      '2024-01-31',
      'true',
      '"a,b"',
      '"a\nb"',
      '[1]',
      'a;b',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('"', "'a'", '\\', '00', '""', 'a"b', ',', '\r', '\x01', '-0', '\\,'),
  },
);

/** Files of one dataset under one header, most of them written alike. */
const dataset = fc
  .tuple(fc.constantFrom(',', ';', '\t'), fc.integer({ min: 2, max: 4 }), fc.constantFrom('', '\ufeff'))
  .chain(([delimiter, width, mark]) => {
    const row = fc.array(cell, { minLength: width, maxLength: width });
    const file = fc.tuple(
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('\n', '\n', '\n', '\r\n'),
    );
    const header = ['id', 'name', 'amount', 'note'].slice(0, width).join(delimiter);
    return fc
      .array(file, { minLength: 4, maxLength: 4 })
      .map((files) =>
        files.map(([rows, newline]) =>
          [mark + header, ...rows.map((cells) => cells.join(delimiter)), ''].join(newline),
        ),
      );
  });

test('random small files become the same together as one by one', async () => {
  const datasets = fc.sample(dataset, { numRuns: 12, seed: 20_261_124 });
  const drops = datasets.flatMap((files, at) =>
    files.map((content, n) => ({ name: `random${at}_2020-01-${10 + n}.csv`, content })),
  );
  await expectSame(drops);
});

test('what is declared about a dataset holds for familiar files as well', async () => {
  const columns = { id: 'integer', name: 'varchar(12)' };
  const dialect = { delimiter: ',', nullMarker: '-' };
  const file = (n: number, body: string) => ({
    name: `feed_2020-01-${10 + n}.csv`,
    content: `id,name,note\n${body}`,
  });
  const together = await expectSame(
    [
      file(1, '1,one,7\n'),
      file(2, '2,-,-\n'),
      file(3, '3,three,9\n'),
      file(4, '4,much too long a name,9\n5,five,1\n'),
      file(5, 'six,six,6\n7,seven,7\n'),
      file(6, '8,eight,eight\n'),
      file(7, '9,nine,\n'),
    ],
    [{ name: 'feed', columns, dialect }],
  );
  expect(await together.value('select count(*) from sluice.rejects')).toBe(2);
});

test('a dataset that somebody alters between two files is seen as it is', async () => {
  const opened = await engine();
  const file = (n: number) => ({ name: `feed_2020-01-${10 + n}.csv`, content: HEADER + records(n * 10, 3) });
  await opened.loadAll([file(1), file(2), file(3)]);
  await opened.query('drop view staging.feed__all');
  await opened.query('alter table staging.feed alter column amount type integer using amount::integer');
  await opened.loadAll([file(4), file(5)]);
  // A type that was set by hand counts as declared: 40.5 is no integer.
  expect(
    await opened.value("select count(*) from sluice.rejects where code = 'TYPE' or sqlstate is not null"),
  ).toBe(6);
  await opened.query('drop view if exists staging.feed__all');
  await opened.query('alter table staging.feed alter column amount type text');
  await opened.query("alter table staging.feed__v1 add check (name <> 'Müller, 71')");
  await opened.loadAll([file(6), file(7), file(8)]);
  expect(
    await opened.query('select file_name, record_number from sluice.rejects where sqlstate = $1', ['23514']),
  ).toEqual([{ file_name: 'feed_2020-01-17.csv', record_number: 2 }]);
  expect(await opened.value("select count(*) from staging.feed where amount like '%.5'")).toBe(8);
});
