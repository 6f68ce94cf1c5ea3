import fc from 'fast-check';
import type pg from 'pg';
import type { PoolClient } from 'pg';
import type { Block } from '../../../src/formats/delimited/block-reader.ts';
import type { Dialect, Field } from '../../../src/formats/delimited/dialect.ts';
import { RecordParser } from '../../../src/formats/delimited/parse-record.ts';
import { recordsOf } from '../../../src/formats/delimited/records.ts';
import { compileRules, scanRecords } from '../../../src/formats/delimited/scan.ts';
import type { Reject } from '../../../src/ledger/rejects.ts';
import { BlockCopier } from '../../../src/pipelines/copy/block-copier.ts';
import { copyJob } from '../../../src/pipelines/copy/copy-job.ts';
import { EncodedCopier } from '../../../src/pipelines/copy/encoded-copy.ts';
import type { LoadPlan, TableName } from '../../../src/pipelines/plan/run-plan.ts';
import { createVersion, OWN_COLUMNS, RUN_ID_SETTING } from '../../../src/pipelines/tables/ddl.ts';
import { USUAL } from '../../formats/delimited/dialect-cases.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A parent and a version table as Sluice makes them, and a plan for loading into them. */
export interface Target {
  readonly version: TableName;
  readonly columns: readonly Column[];
}

/** Makes the tables of a target in the schema `staging`. */
export async function createTarget(pool: pg.Pool, name: string, columns: readonly Column[]): Promise<Target> {
  const version = { schema: 'staging', name: `${name}__v1` };
  const parent = { schema: 'staging', name };
  const definitions = [...columns.map((column) => `"${column.name}" ${column.type}`), ...OWN_COLUMNS];
  await pool.query('CREATE SCHEMA IF NOT EXISTS staging');
  await pool.query(`CREATE TABLE staging."${name}" (${definitions.join(', ')})`);
  for (const statement of createVersion(parent, version, [])) await pool.query(statement);
  return { version, columns };
}

const EVOLVE = {
  newTable: 'evolve',
  newColumn: 'evolve',
  missingColumn: 'evolve',
  typeChange: 'evolve',
} as const;

/** A plan as it is made for declared columns. */
export function planFor(target: Target, dialect: Partial<Dialect>, more: Partial<LoadPlan> = {}): LoadPlan {
  const columns = target.columns.map(({ name, type }) => {
    return { original: name, name, type, origin: 'declared', why: 'declared', discarded: false } as const;
  });
  const { schema } = target.version;
  return {
    ...{ jobNumber: 1, entryName: null, title: 'x.csv', dataset: 'x', derived: false, businessDate: null },
    ...{
      folder: null,
      contract: { ...EVOLVE, parent: 'widen' },
      isSkipped: false,
      versionFolder: null,
      described: null,
      layout: [],
      changesDataset: false,
      isNewVersion: false,
      label: null,
      ragged: 'reject',
      parent: { schema, name: 'x' },
      version: target.version,
      versionNumber: 1,
    },
    ...{
      datasetId: 1,
      versionId: 1,
      revision: 1,
      pending: false,
      sawEverything: true,
      changes: [],
      ddl: [],
      fingerprint: '',
    },
    ...{ tableColumns: [], parentColumns: [], correction: null, columns },
    dialect: { ...USUAL, header: false, ...dialect },
    ...more,
  };
}

/** The whole of `bytes` as one block that starts at this record and line. */
export function blockOf(bytes: Buffer, plan: LoadPlan, firstRecord = 1, firstLine = 1): Block {
  const rules = compileRules(plan.dialect, plan.columns.length);
  const { records, hazards } = scanRecords(bytes, 0, bytes.length, rules, { eof: true });
  return { bytes, records, hazards, firstRecord, firstLine };
}

export interface Copied {
  /** Postgres's count. */
  readonly rows: number;
  readonly rejects: readonly Reject[];
}

/** How a lane sends blocks: as they stand in the file, or encoded where that can be. */
export type Way = 'raw' | 'encoded';
export const anyWay: fc.Arbitrary<Way> = fc.constantFrom('raw', 'encoded');

/** Copies blocks one after another, as a lane does; within the caller's transaction. */
export async function copyBlocks(
  client: PoolClient,
  plan: LoadPlan,
  blocks: readonly Block[],
  way: Way = 'raw',
): Promise<Copied> {
  const rejects: Reject[] = [];
  const onRejects = async (found: readonly Reject[]) => {
    rejects.push(...found);
  };
  await client.query(`SET LOCAL ${RUN_ID_SETTING} = 7`);
  const job = copyJob(plan);
  const encoded = way === 'encoded' ? await EncodedCopier.for(client, job, plan.version) : null;
  const copier = new BlockCopier(client, job, plan.version, onRejects, '', encoded);
  let rows = 0;
  for (const block of blocks) rows += await copier.copy(block);
  return { rows, rejects };
}

/** Runs `work` in a transaction that is rolled back. */
export async function undone<T>(pool: pg.Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** What stands in a target, as text, by record number. */
export async function rowsIn(
  client: PoolClient,
  { version, columns }: Target,
): Promise<Map<number, (string | null)[]>> {
  const texts = columns.map(({ name }) => `"${name}"::text`);
  const { rows } = await client.query<{ n: number; v: (string | null)[]; run: number }>(
    `SELECT _row AS n, _run_id AS run, ARRAY[${texts.join(', ')}]::text[] AS v FROM "${version.schema}"."${version.name}" ORDER BY _row`,
  );
  if (rows.some(({ run }) => run !== 7)) throw new Error('a row of another run');
  const found = new Map(rows.map(({ n, v }) => [n, v]));
  if (found.size !== rows.length) throw new Error('two rows of one number');
  return found;
}

/** Records as the parser reads them: the values of those that can be loaded into text columns, and the others. */
export function readStrictly(block: Block, plan: LoadPlan) {
  const { dialect, columns } = plan;
  const parser = new RecordParser(dialect);
  const good = new Map<number, (string | null)[]>();
  const bad = new Map<number, { raw: Buffer; line: number }>();
  const textOf = ({ value, quoted }: Field) => (!quoted && value === dialect.nullMarker ? null : value);
  for (const span of recordsOf(block, compileRules(dialect, columns.length))) {
    const { fields } = parser.parse(block.bytes.subarray(span.start, span.contentEnd));
    if (fields?.length === columns.length) good.set(span.record, fields.map(textOf));
    else bad.set(span.record, { raw: block.bytes.subarray(span.start, span.end), line: span.line });
  }
  return { good, bad };
}
