import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { Engine } from '../load/engine.ts';

const FILES = 20;
const LAYOUTS = [
  { id: 'integer', name: 'text' },
  { id: 'integer', name: 'text', manager: 'integer' },
  { level: 'smallint', id: 'integer', name: 'text' },
];
const ROWS = 50;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({ CONCURRENCY: '4' }, [{ name: 'orders', match: 'orders*.csv' }]);
});
afterAll(() => engine.close());

/** The records of one file; ids tell them apart. */
function textOf(layout: Readonly<Record<string, string>>, file: number, delimiter: string): string {
  const names = Object.keys(layout);
  const records = Array.from({ length: ROWS }, (_, at) =>
    names.map((name) => (name === 'id' ? file * ROWS + at : name === 'name' ? `name ${at}` : at % 7)),
  );
  return [names, ...records].map((fields) => `${fields.join(delimiter)}\n`).join('');
}

const layoutOf = (file: number) => LAYOUTS[file % LAYOUTS.length] ?? {};

const KINDS = {
  dump: {
    parent: 'app_t',
    file: (number: number) => ({
      name: `imports/in${number}/app_v${(number % LAYOUTS.length) + 1}.zip`,
      content: buildZip([
        {
          name: 't.json',
          content: JSON.stringify(
            Object.entries(layoutOf(number)).map(([tbl_col, col_type]) => ({ tbl_col, col_type })),
          ),
        },
        { name: 't.dat', content: textOf(layoutOf(number), number, '|') },
      ]),
    }),
  },
  'plain file': {
    parent: 'orders',
    file: (number: number) => ({
      name: `orders-${number}.csv`,
      content: textOf(layoutOf(number), number, ','),
    }),
  },
} as const;

test.each(['dump', 'plain file'] as const)(
  'the first drops of a new dataset, a %s of three layouts, come at once: one parent, three versions, every row once',
  async (kind) => {
    const { parent, file } = KINDS[kind];
    const outcomes = await engine.loadAll(Array.from({ length: FILES }, (_, number) => file(number)));
    expect(outcomes.map(({ status, errorMessage }) => errorMessage ?? status)).toEqual(
      Array(FILES).fill('published'),
    );
    expect(
      await engine.query('select count(*)::int as n from sluice.dataset where name = $1', [parent]),
    ).toEqual([{ n: 1 }]);
    const versions = await engine.query<{ columns: string[]; files: number; rows: number }>(
      `select (select array_agg(c->>'name' order by c->>'name') from jsonb_array_elements(v.columns) c) as columns,
              count(*)::int as files, sum(l.rows_loaded)::int as rows
         from sluice.versions v join sluice.loads l using (dataset, version_table)
        where dataset = $1 group by v.version_table, v.columns order by 2 desc, 1`,
      [parent],
    );
    const expected = LAYOUTS.map((layout, at) => {
      const files = Math.ceil((FILES - at) / LAYOUTS.length);
      return { columns: Object.keys(layout).sort(), files, rows: files * ROWS };
    });
    expect(versions).toEqual(
      expected.toSorted((a, b) => b.files - a.files || (`${a.columns}` < `${b.columns}` ? -1 : 1)),
    );
    expect(
      await engine.query(
        `select count(*)::int as rows, count(distinct id)::int as ids, count(level)::int as levels
           from staging."${parent}__all"`,
      ),
    ).toEqual([{ rows: FILES * ROWS, ids: FILES * ROWS, levels: (expected[2]?.files ?? 0) * ROWS }]);
  },
);
