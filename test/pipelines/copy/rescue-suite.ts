import fc from 'fast-check';
import type { Pool } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Block, BlockReader } from '../../../src/formats/delimited/block-reader.ts';
import { MemorySource } from '../../../src/formats/memory-source.ts';
import { TypeContradiction } from '../../../src/pipelines/copy/contradiction.ts';
import type { LoadPlan } from '../../../src/pipelines/plan/run-plan.ts';
import {
  anyWay,
  blockOf,
  type Column,
  copyBlocks,
  createTarget,
  planFor,
  rowsIn,
  type Target,
  undone,
  type Way,
} from './copying.ts';

/** Copies a text as one block; gives what is in the table afterwards, and the rejects without their raw bytes. */
async function load(
  pool: Pool,
  target: Target,
  text: string,
  plan: LoadPlan = planFor(target, {}),
  way: Way = 'raw',
) {
  return undone(pool, async (client) => {
    const { rows, rejects } = await copyBlocks(client, plan, [blockOf(Buffer.from(text), plan)], way);
    const loaded = await rowsIn(client, target);
    expect(rows).toBe(loaded.size);
    return { loaded, rejects: rejects.map(({ raw, ...reject }) => ({ ...reject, raw: raw.toString() })) };
  });
}

const NUMBER_AND_TEXT = [
  { name: 'id', type: 'integer' },
  { name: 'note', type: 'text' },
];

/** What is done about records that do not fit. */
export function describeRescue(connect: () => Pool, runs: number): void {
  describe('rescue', () => {
    describeFaultsAnywhere(connect, runs);
    describeConstraints(connect);
    describeOddTables(connect);
  });
}

function describeFaultsAnywhere(connect: () => Pool, runs: number): void {
  let target: Target;

  beforeAll(async () => {
    target = await createTarget(connect(), 'faults', NUMBER_AND_TEXT);
  });

  const FAULTS: Readonly<Record<string, (n: number) => string>> = {
    '22P02': (n) => `no${n},x`,
    '22003': (n) => `9999999999,${n}`,
    TOO_FEW_FIELDS: (n) => `${n}`,
    TOO_MANY_FIELDS: (n) => `${n},a,b`,
    STRAY_QUOTE: (n) => `${n},"a"b`,
    NUL_BYTE: (n) => `${n},a\0b`,
  };

  test('finds faults wherever they are, few or many, over several blocks', async () => {
    const kinds = Object.keys(FAULTS);
    const anyFile = fc.record({
      records: fc.integer({ min: 1, max: 900 }),
      faultEvery: fc.constantFrom(1, 2, 10, 100, 5000),
      filler: fc.constantFrom(3, 2000),
      blockBytes: fc.constantFrom(4096, 700_000, 4_000_000),
      seed: fc.nat(),
      way: anyWay,
    });
    await fc.assert(
      fc.asyncProperty(anyFile, async ({ records, faultEvery, filler, blockBytes, seed, way }) => {
        const wanted = new Map<number, { line: number; why: string; raw: string }>();
        let text = '';
        let line = 1;
        for (let n = 1; n <= records; n++) {
          const draw = Math.imul(n ^ seed, 0x9e3779b1) >>> 8;
          const kind = draw % faultEvery === 0 ? kinds[draw % kinds.length] : undefined;
          const sound = `${n},"${'y\n'.repeat(draw % 3)}${'z'.repeat(filler)}"`;
          const raw = `${kind === undefined ? sound : FAULTS[kind]?.(n)}\n`;
          if (kind !== undefined) wanted.set(n, { line, why: kind, raw });
          text += raw;
          line += raw.split('\n').length - 1;
        }
        const { loaded, rejects } = await loadFile(text, blockBytes, way);
        const found = rejects.map(({ record, ...reject }) => {
          const why = reject.code === 'VALUE_REFUSED' ? reject.sqlstate : reject.code;
          return [record, { line: reject.line, why, raw: reject.raw.toString() }] as const;
        });
        expect(new Map(found)).toEqual(wanted);
        expect(found).toHaveLength(wanted.size);
        expect(loaded).toEqual(
          Array.from({ length: records }, (_, at) => at + 1).filter((n) => !wanted.has(n)),
        );
      }),
      { numRuns: runs },
    );
  });

  /** Cuts a file into blocks as the loader does; gives the numbers of its rows, each checked to be the number in it. */
  async function loadFile(text: string, blockBytes: number, way: Way) {
    const plan = planFor(target, {});
    const reader = new BlockReader(new MemorySource(Buffer.from(text)), {
      ...{ dialect: plan.dialect, columnCount: 2, blockBytes, maxRecordBytes: 1 << 24, file: 'x.csv' },
    });
    const blocks: Block[] = [];
    for (let block = await reader.next(); block !== null; block = await reader.next()) blocks.push(block);
    return undone(connect(), async (client) => {
      const copied = await copyBlocks(client, plan, blocks, way);
      const loaded = await rowsIn(client, target);
      for (const [number, [id]] of loaded) expect(id).toBe(String(number));
      return { rejects: copied.rejects, loaded: [...loaded.keys()] };
    });
  }

  test.each<Way>(['raw', 'encoded'])(
    'a guessed type that a record contradicts is not the record’s fault: %s',
    async (way) => {
      const columns = planFor(target, {}).columns.map((column) => ({
        ...column,
        origin: 'inferred' as const,
      }));
      const plan = planFor(target, {}, { columns });
      const text = way === 'raw' ? '1,a\n\nx,b\n' : '1,a\nx,b\n';
      await expect(load(connect(), target, text, plan, way)).rejects.toThrow(TypeContradiction);
    },
  );

  test.each<Way>(['raw', 'encoded'])(
    'a short record is filled up with NULL where the dataset says so: %s',
    async (way) => {
      const plan = planFor(target, { nullMarker: '-' }, { ragged: 'pad' });
      const { loaded, rejects } = await load(
        connect(),
        target,
        `1\n-\n${way === 'raw' ? '\n' : ''}2,b\n3,b,c\nx\n`,
        plan,
        way,
      );
      expect([...loaded]).toEqual([
        [1, ['1', null]],
        [2, [null, null]],
        [3, ['2', 'b']],
      ]);
      expect(rejects.map(({ record, code }) => [record, code])).toEqual([
        [4, 'TOO_MANY_FIELDS'],
        [5, 'VALUE_REFUSED'],
      ]);
    },
  );
}

function describeConstraints(connect: () => Pool): void {
  let target: Target;

  beforeAll(async () => {
    target = await createTarget(connect(), 'ruled', NUMBER_AND_TEXT);
    await connect().query(`ALTER TABLE staging.ruled
      ADD CONSTRAINT positive CHECK (id > 0), ALTER note SET NOT NULL,
      ADD COLUMN seen timestamptz NOT NULL DEFAULT now(),
      ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED`);
  });

  test.each<[string, string, Way]>([
    ['copied raw', '', 'raw'],
    ['encoded', '', 'encoded'],
    ['taken apart', '\n', 'raw'],
  ])(
    'rules that somebody added to the table reject records, and name no table of ours: %s',
    async (_name, blank, way) => {
      const { loaded, rejects } = await load(
        connect(),
        target,
        `${blank}1,a\n-1,b\n3,\n4,d\nx,e\n6,f\n`,
        undefined,
        way,
      );
      expect([...loaded.keys()]).toEqual([1, 4, 6]);
      expect(
        rejects.map(({ record, column, sqlstate, message }) => ({ record, column, sqlstate, message })),
      ).toEqual([
        {
          record: 2,
          column: null,
          sqlstate: '23514',
          message: 'new row for relation "ruled__v1" violates check constraint "positive"',
        },
        {
          record: 3,
          column: 'note',
          sqlstate: '23502',
          message: 'null value in column "note" of relation "ruled__v1" violates not-null constraint',
        },
        { record: 5, column: 'id', sqlstate: '22P02', message: 'invalid input syntax for type integer: "x"' },
      ]);
    },
  );

  test('a unique index lets the first of two through', async () => {
    const unique = await createTarget(connect(), 'single', NUMBER_AND_TEXT);
    await connect().query('CREATE UNIQUE INDEX ON staging.single__v1 (id)');
    const { loaded, rejects } = await load(connect(), unique, '1,a\n2,b\n1,c\n3,d\n2,e\n');
    expect([...loaded.keys()]).toEqual([1, 2, 4]);
    expect(rejects.map(({ record, sqlstate }) => [record, sqlstate])).toEqual([
      [3, '23505'],
      [5, '23505'],
    ]);
  });
}

function describeOddTables(connect: () => Pool): void {
  test('records of hundreds of columns are checked, though as texts they would fit no page', async () => {
    const columns = Array.from({ length: 600 }, (_, at): Column => ({ name: `c${at}`, type: 'timestamp' }));
    const target = await createTarget(connect(), 'wide', columns);
    await connect().query(`ALTER TABLE staging.wide ADD CHECK (c7 > '2001-01-01')`);
    const record = (value: string) =>
      `${columns.map((_, at) => (at === 7 ? value : '2024-01-02 10:11:12')).join(',')}\n`;
    const text = ['2024-01-01', 'nope', 'Jan 5 2024', '1999-01-01'].map(record).join('');
    const { loaded, rejects } = await load(connect(), target, text);
    expect([...loaded.keys()]).toEqual([1, 3]);
    expect(rejects.map(({ record: n, column, sqlstate }) => [n, column, sqlstate])).toEqual([
      [2, 'c7', '22007'],
      [4, null, '23514'],
    ]);
  });

  test('a record that fits no page is rejected', async () => {
    const columns = Array.from({ length: 1000 }, (_, at): Column => ({ name: `c${at}`, type: 'text' }));
    const target = await createTarget(connect(), 'huge', columns);
    const record = (value: string) => `${columns.map(() => value).join(',')}\n`;
    const { loaded, rejects } = await load(
      connect(),
      target,
      ['a', 'abcdefghijkl', 'b'].map(record).join(''),
    );
    expect([...loaded.keys()]).toEqual([1, 3]);
    expect(rejects).toMatchObject([{ record: 2, sqlstate: '54000' }]);
  });

  test('names of columns may be anything', async () => {
    const names = [
      'at',
      'state',
      'v',
      'v0',
      'v[1]',
      'n',
      'fault',
      "it's",
      'a"b',
      'select',
      'naïve 😀',
      'x, column y: z',
    ];
    const columns = names.map((name): Column => ({ name: name.replaceAll('"', '""'), type: 'integer' }));
    const target = await createTarget(connect(), 'named', columns);
    await connect().query('ALTER TABLE staging.named ADD CHECK (at < 5)');
    const plan = planFor({ ...target, columns: names.map((name) => ({ name, type: 'integer' })) }, {});
    const lines = names.map((_, bad) => names.map((__, at) => (at === bad ? 'x' : '1')).join(','));
    const text = `${lines.join('\n')}\n${names.map(() => '9').join(',')}\n`;
    const { rejects } = await load(connect(), target, text, plan);
    expect(rejects.map(({ column }) => column)).toEqual([...names, null]);
  });

  test('a record number that looks like the NULL marker is a number', async () => {
    const target = await createTarget(connect(), 'numbered', NUMBER_AND_TEXT);
    const { loaded, rejects } = await load(
      connect(),
      target,
      '\n1,a\n2,b\n3,c\n4,3\n',
      planFor(target, { nullMarker: '3' }),
    );
    expect(rejects).toEqual([]);
    expect([...loaded]).toEqual([
      [1, ['1', 'a']],
      [2, ['2', 'b']],
      [3, [null, 'c']],
      [4, ['4', null]],
    ]);
  });

  test.each([
    ['of one letter', { delimiter: 'x' }, 'x'],
    ['of several characters', { delimiter: '||' }, '||'],
    ['of one byte in latin1', { delimiter: '§', encoding: 'latin1' as const }, '§'],
    ['that stands in for quotes elsewhere', { delimiter: '\x01', quote: null, escape: null }, '\x01'],
  ])('a delimiter %s separates', async (name, dialect, delimiter) => {
    const target = await createTarget(connect(), `marked ${name}`, NUMBER_AND_TEXT);
    const plan = planFor(target, dialect);
    const text = `1${delimiter}a\n2${delimiter}b\n3\n`;
    const bytes = Buffer.from(text, plan.dialect.encoding === 'latin1' ? 'latin1' : 'utf8');
    const { rows, rejects } = await undone(connect(), (client) =>
      copyBlocks(client, plan, [blockOf(bytes, plan)]),
    );
    expect([rows, rejects.map(({ code }) => code)]).toEqual([2, ['TOO_FEW_FIELDS']]);
  });
}
