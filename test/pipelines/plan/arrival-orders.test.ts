import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contract, DatasetConfig } from '../../../src/config/define.ts';
import { buildZip } from '../../formats/archive/build-zip.ts';
import { ARCHIVES, type ArchiveName, type ReadTable, readDump } from '../handlers/read-dumps.ts';
import { Engine } from '../load/engine.ts';

const RECORDS = 6;

type Value = string | null;
type Row = Readonly<Record<string, Value>>;

/** A few records of each table of the four archives, those with quoted newlines, NULLs and empty strings among them. */
const dumps = new Map<string, Map<string, ReadTable>>();
const zips = new Map<string, Buffer>();
let engine: Engine;

beforeAll(async () => {
  for (const archive of Object.keys(ARCHIVES) as ArchiveName[]) {
    const tables = await readDump(archive);
    const cut = new Map([...tables].map(([name, table]) => [name, firstRecords(table)]));
    dumps.set(archive, cut);
    zips.set(archive, zipOf(cut));
  }
  engine = await Engine.open();
});
afterAll(() => engine.close());

function firstRecords(table: ReadTable): ReadTable {
  const telling = [/\n/, /^$/].map((sign) =>
    table.rows.findIndex((row) => row.some((value) => value !== null && sign.test(value))),
  );
  const places = [...Array(RECORDS).keys(), ...telling.filter((at) => at >= RECORDS)];
  return {
    ...table,
    rows: places.map((at) => table.rows[at] ?? []),
    records: [0, ...places.map((at) => at + 1)].map((at) => table.records[at] ?? Buffer.alloc(0)),
  };
}

function zipOf(tables: ReadonlyMap<string, ReadTable>): Buffer {
  const entries = [...tables].flatMap(([name, { descriptor, records }]) => [
    { name: `${name}.json`, content: descriptor },
    { name: `${name}.dat`, content: Buffer.concat(records) },
  ]);
  return buildZip(entries);
}

/** Every order of some things. */
function permutations<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((first, at) => permutations(things.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

async function drop(archives: readonly string[]): Promise<void> {
  for (const archive of archives) {
    const outcome = await engine.load(archive, zips.get(archive) ?? Buffer.alloc(0));
    expect(outcome, `${archive}: ${outcome.errorMessage}`).toMatchObject({ status: 'published' });
  }
}

/** What an independent reader says is in the version tables: by table and label. */
function expectedRows(dataset: string, label: string): Row[] {
  const [app = '', table = ''] = dataset.split('_');
  const { columns = [], rows = [] } = dumps.get(`${app}_${label}.zip`)?.get(table) ?? {};
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null])));
}

const DATASETS: Readonly<Record<string, readonly string[]>> = {
  crm_accounts: ['v7'],
  lms_courses: ['v1', 'v2', 'v3'],
  lms_userassignedcourses: ['v1', 'v3'],
  lms_users: ['v1', 'v2', 'v3'],
};

/** Rows of a table as text, in the order of the files. */
async function rowsOf(table: string, columns: readonly string[], order = '_run_id, _row'): Promise<Row[]> {
  const list = columns.map((name) => `"${name}"::text`).join(', ');
  return engine.query<Row>(`select ${list} from staging."${table}" order by ${order}`);
}

/** Columns of a view or table with their types, in their order. */
function columnsOf(table: string): Promise<{ name: string; type: string }[]> {
  return engine.query(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = ('staging."' || $1 || '"')::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
}

interface State {
  readonly versions: unknown;
  readonly views: Readonly<Record<string, unknown>>;
}

/** All that must not depend on the order of arrival; runs are numbered in it, so they are left out. */
async function stateOf(): Promise<State> {
  const versions = await engine.query(
    'select dataset, version, label, version_table, columns, fingerprint from sluice.versions order by dataset, label',
  );
  const views: Record<string, unknown> = {};
  for (const { name } of await engine.query<{ name: string }>('select name from sluice.dataset')) {
    const columns = await columnsOf(`${name}__all`);
    const names = columns.map((column) => column.name).filter((column) => column !== '_run_id');
    views[name] = { columns, rows: await rowsOf(`${name}__all`, names, '_label, _row') };
  }
  return { versions, views };
}

describe('dumps of several versions in every order of arrival', () => {
  const orders = permutations(Object.keys(ARCHIVES));
  let first: State;

  test.each(orders.map((order) => ({ order })))('$order', async ({ order }) => {
    await engine.forget();
    await drop(order);
    const tables = await engine.query<{ parent: string; label: string }>(
      'select dataset as parent, label from sluice.versions order by dataset, label',
    );
    expect(tables).toEqual(
      Object.entries(DATASETS).flatMap(([parent, labels]) => labels.map((label) => ({ parent, label }))),
    );
    for (const [dataset, labels] of Object.entries(DATASETS)) await checkDataset(dataset, labels);
    const state = await stateOf();
    first ??= state;
    expect(state.views).toEqual(first.views);
  });
});

/** Each version table has its rows, and the view has those of all, with NULL for what a version lacks. */
async function checkDataset(dataset: string, labels: readonly string[]): Promise<void> {
  const all: Row[] = [];
  const columns: string[] = [];
  for (const label of labels) {
    const expected = expectedRows(dataset, label);
    const own = Object.keys(expected[0] ?? {});
    columns.push(...own.filter((name) => !columns.includes(name)));
    expect(await rowsOf(`${dataset}__${label}`, own), `${dataset} ${label}`).toEqual(expected);
    all.push(...expected.map((row) => ({ ...row, _label: label })));
  }
  const shown = await rowsOf(`${dataset}__all`, [...columns, '_label'], '_label, _row');
  const absent = Object.fromEntries(columns.map((name) => [name, null]));
  expect(shown).toEqual(all.map((row) => ({ ...absent, ...row })));
}

/** A fifth archive: `users` has lost its e-mail address, an id is larger, and a flag has become a word. */
const FIFTH: Readonly<Record<string, string>> = {
  UserID: 'bigint',
  UserName: 'nvarchar',
  FirstName: 'nvarchar',
  LastName: 'nvarchar',
  IsActive: 'varchar(10)',
  CreatedOn: 'datetime',
  RowGuid: 'uniqueidentifier',
};
const FIFTH_ROW: Row = {
  userid: '5000000000',
  username: 'new',
  firstname: 'Noël',
  lastname: '',
  isactive: 'retired',
  createdon: '2026-01-02 03:04:05',
  rowguid: '12e1bc76-5667-0b14-1509-bb0a9bf13331',
};

function fifthArchive(): Buffer {
  const names = Object.keys(FIFTH);
  const descriptor = Object.entries(FIFTH).map(([column_name, column_type]) => ({
    column_name,
    column_type,
  }));
  const values = Object.values(FIFTH_ROW).map((value) => (value === '' ? '""' : value));
  const data = `${names.join('|')}\r\n${values.join('|')}\r\n`;
  return buildZip([
    { name: 'users.json', content: JSON.stringify(descriptor) },
    { name: 'users.dat', content: Buffer.from(data, 'latin1') },
  ]);
}

interface Expected {
  /** Error codes of those that fail, by archive. */
  readonly failed?: Readonly<Record<string, string>>;
  /** Types of the column `isactive` of `lms_users__all`, and of `userid`. */
  readonly types?: readonly [string, string];
  /** What the view shows of `userid`, `isactive` and `email` of the fifth archive. */
  readonly fifth?: readonly Value[];
  /** What it shows of `isactive` in the first. */
  readonly flags?: 'kept' | 'lost';
  readonly discarded?: Readonly<Record<string, readonly string[]>>;
  /** Columns of the parent that have not come with the first archive. */
  readonly parent?: Readonly<Record<string, string>>;
}

interface Case {
  readonly name: string;
  readonly contract: Partial<Contract>;
  readonly last: Expected;
  readonly first: Expected;
}

const LMS = ['lms_v1.zip', 'lms_v2.zip', 'lms_v3.zip'];
const REFUSED = Object.fromEntries(LMS.map((archive) => [archive, 'TYPE_REFUSED']));
const BESIDE: Expected = {
  types: ['text', 'bigint'],
  fifth: ['5000000000', 'retired', null],
  flags: 'kept',
};

const CASES: readonly Case[] = [
  { name: 'evolve, common', contract: {}, last: BESIDE, first: BESIDE },
  {
    name: 'evolve, widen',
    contract: { parent: 'widen' },
    last: { ...BESIDE, parent: { userid: 'bigint', managerid: 'integer' } },
    first: { ...BESIDE, parent: { userid: 'bigint', email: 'text' } },
  },
  {
    name: 'widen the type, common',
    contract: { typeChange: 'widen' },
    last: { ...BESIDE, parent: { userid: 'bigint' } },
    first: BESIDE,
  },
  {
    name: 'freeze types',
    contract: { typeChange: 'freeze' },
    last: { failed: { 'lms_v4.zip': 'TYPE_REFUSED' }, types: ['boolean', 'integer'], flags: 'kept' },
    first: { failed: REFUSED },
  },
  {
    name: 'freeze missing columns',
    contract: { missingColumn: 'freeze' },
    last: { failed: { 'lms_v4.zip': 'COLUMN_MISSING' }, types: ['boolean', 'integer'], flags: 'kept' },
    first: BESIDE,
  },
  {
    name: 'freeze new columns',
    contract: { newColumn: 'freeze' },
    last: {
      ...BESIDE,
      failed: { 'lms_v2.zip': 'COLUMN_REFUSED', 'lms_v3.zip': 'COLUMN_REFUSED' },
    },
    first: { failed: Object.fromEntries(LMS.map((archive) => [archive, 'COLUMN_REFUSED'])) },
  },
  {
    name: 'discard types',
    contract: { typeChange: 'discard' },
    last: {
      types: ['boolean', 'integer'],
      fifth: [null, null, null],
      flags: 'kept',
      discarded: { 'lms_v4.zip': ['userid', 'isactive'] },
    },
    first: {
      types: ['character varying(10)', 'bigint'],
      fifth: ['5000000000', 'retired', null],
      flags: 'lost',
      discarded: Object.fromEntries(LMS.map((archive) => [archive, ['isactive']])),
    },
  },
  {
    name: 'discard new columns',
    contract: { newColumn: 'discard' },
    last: {
      ...BESIDE,
      discarded: Object.fromEntries(
        ['lms_v2.zip', 'lms_v3.zip'].map((archive) => [archive, ['managerid', 'lastlogin']]),
      ),
    },
    first: {
      ...BESIDE,
      discarded: {
        'lms_v1.zip': ['email'],
        'lms_v2.zip': ['email', 'managerid', 'lastlogin'],
        'lms_v3.zip': ['email', 'managerid', 'lastlogin'],
      },
    },
  },
];

describe('a fifth archive that changes a type and drops a column', () => {
  const cases = CASES.flatMap(({ name, contract, ...expected }) =>
    (['last', 'first'] as const).map((place) => ({ name, contract, place, expected: expected[place] })),
  );

  test.each(cases)('comes $place: $name', async ({ contract, place, expected }) => {
    const configured: DatasetConfig = { name: 'lms_users', contract, archive: 'per-entry' };
    await engine.forget();
    await engine.reopen({}, [configured]);
    zips.set('lms_v4.zip', fifthArchive());
    const failed: Record<string, string> = {};
    const discarded: Record<string, readonly string[]> = {};
    for (const archive of place === 'last' ? [...LMS, 'lms_v4.zip'] : ['lms_v4.zip', ...LMS]) {
      const { loads, errorCode } = await engine.load(archive, zips.get(archive) ?? Buffer.alloc(0));
      const users = loads.find(({ entryName }) => entryName === 'users.dat');
      const code = errorCode ?? users?.errorCode;
      if (typeof code === 'string') failed[archive] = code;
      const [left] = await engine.query<{ columns: string[] }>(
        `select columns_discarded as columns from sluice.loads
          where entry_name = 'users.dat' and dataset = 'lms_users' and file_name = $1`,
        [archive],
      );
      if ((left?.columns.length ?? 0) > 0) discarded[archive] = left?.columns ?? [];
    }
    expect({ failed, discarded }).toEqual({
      failed: expected.failed ?? {},
      discarded: expected.discarded ?? {},
    });
    await checkUsers(expected);
  });
});

async function checkUsers(expected: Expected): Promise<void> {
  const types = new Map((await columnsOf('lms_users__all')).map(({ name, type }) => [name, type]));
  if (expected.types !== undefined)
    expect([types.get('isactive'), types.get('userid')]).toEqual(expected.types);
  const shown = await rowsOf('lms_users__all', ['_label', ...types.keys()], '_label, _row');
  const kept = (label: string) => shown.filter((row) => row['_label'] === label);
  const fifth = kept('v4').map((row) => ['userid', 'isactive', 'email'].map((name) => row[name] ?? null));
  if (expected.failed?.['lms_v4.zip'] === undefined && expected.fifth !== undefined)
    expect(fifth).toEqual([expected.fifth]);
  for (const label of ['v1', 'v2', 'v3']) {
    const rows = expectedRows('lms_users', label);
    const isThere = expected.failed?.[`lms_${label}.zip`] === undefined;
    const wanted = rows.map((row) => (expected.flags === 'lost' ? null : row['isactive']));
    expect(kept(label).map((row) => row['isactive'])).toEqual(isThere ? wanted : []);
    expect(kept(label).map((row) => row['username'])).toEqual(
      isThere ? rows.map((row) => row['username']) : [],
    );
  }
  const parent = new Map((await columnsOf('lms_users')).map(({ name, type }) => [name, type]));
  expect(Object.fromEntries(parent)).toMatchObject(expected.parent ?? {});
}
