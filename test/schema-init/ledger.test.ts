import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let fileId: number;
let runId: number;
let datasetId: number;
let versionId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  fileId = await insertFile('/imports/orders 1.csv');
  runId = await insertRun(fileId, 'published');
  datasetId = await id(
    `insert into sluice.dataset (name, parent_schema, parent_table, columns) values ('orders', 'staging', 'orders', '[]')
     returning dataset_id as id`,
  );
  versionId = await id(
    `insert into sluice.version (dataset_id, version, label, table_name, columns, fingerprint, first_run_id)
     values ($1, 1, 'north', 'orders__v1', '[{"name": "id"}]', 'abc', $2) returning version_id as id`,
    [datasetId, runId],
  );
});
afterAll(() => database.drop());

async function id(sql: string, values: unknown[] = []): Promise<number> {
  return (await database.pool.query(sql, values)).rows[0].id;
}

function insertFile(path: string): Promise<number> {
  return id(
    `insert into sluice.source_file (path_bytes, path, name, size_bytes, mtime_ns, inode, device, status, origin)
     values ($1, $2, $3, 10, 1795219200000000001, 18446744073709551615, 1, 'settled', 'imports')
     returning file_id as id`,
    [Buffer.from(path), path, path.split('/').at(-1)],
  );
}

function insertRun(file: number, status: string, error: string | null = null): Promise<number> {
  return id(
    `insert into sluice.run (file_id, attempt, status, error_code, error_message, started_at, finished_at)
     values ($1, 1, $2, $3, $3, '2026-01-01 00:00:00Z', '2026-01-01 00:00:02.5Z') returning run_id as id`,
    [file, status, error],
  );
}

interface Load {
  readonly status?: string;
  readonly counts?: readonly [read: number, loaded: number, rejected: number, skipped: number];
  readonly sha256?: string;
  readonly entry?: string | null;
  readonly again?: boolean;
}

function insertLoad({ status = 'published', counts = [0, 0, 0, 0], ...load }: Load): Promise<number> {
  return id(
    `insert into sluice.load_job (run_id, dataset_id, version_id, status, records_read, rows_loaded, rows_rejected,
       rows_skipped, content_sha256, entry_name, again, file_id)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, file_id from sluice.run where run_id = $1
     returning load_id as id`,
    [
      runId,
      datasetId,
      versionId,
      status,
      ...counts,
      load.sha256 ?? null,
      load.entry ?? null,
      load.again ?? false,
    ],
  );
}

describe('I1 accounting', () => {
  it('refuses to publish a load that does not balance', async () => {
    await expect(insertLoad({ counts: [10, 8, 1, 0] })).rejects.toMatchObject({
      constraint: 'load_job_balanced',
    });
    await expect(insertLoad({ counts: [10, 10, 1, 0] })).rejects.toMatchObject({
      constraint: 'load_job_balanced',
    });
  });

  it('accepts one that does, and one that is not published', async () => {
    await insertLoad({ counts: [10, 7, 2, 1] });
    await insertLoad({ status: 'failed', counts: [10, 3, 0, 0] });
  });
});

describe('I3 once', () => {
  it('refuses the same content a second time', async () => {
    await insertLoad({ sha256: 'once' });
    await expect(insertLoad({ sha256: 'once' })).rejects.toMatchObject({
      code: '23505',
      constraint: 'load_job_published_once',
    });
  });

  it.each<[string, Load]>([
    ['was asked for again', { again: true }],
    ['is another entry of an archive', { entry: 'other.csv' }],
    ['was not published', { status: 'duplicate' }],
  ])('accepts it when it %s', async (_, load) => {
    await insertLoad({ sha256: `twice ${_}` });
    await insertLoad({ sha256: `twice ${_}`, ...load });
  });
});

describe('source_file', () => {
  it('holds a path once while it waits, and again after it finished', async () => {
    await expect(insertFile('/imports/orders 1.csv')).rejects.toMatchObject({
      constraint: 'source_file_waiting_once',
    });
    const first = await insertFile('/imports/other.csv');
    await database.pool.query('update sluice.source_file set finished_at = now() where file_id = $1', [
      first,
    ]);
    await insertFile('/imports/other.csv');
  });

  it('keeps nanoseconds and inodes exactly', async () => {
    const { rows } = await database.pool.query(
      'select mtime_ns, inode from sluice.source_file where file_id = $1',
      [fileId],
    );
    expect(rows).toEqual([{ mtime_ns: '1795219200000000001', inode: '18446744073709551615' }]);
  });
});

describe('sluice.loads', () => {
  it('shows a load with names for people', async () => {
    const load = await insertLoad({ counts: [5, 4, 1, 0], entry: 'view.csv' });
    await database.pool.query(
      `update sluice.load_job set started_at = '2026-01-01 00:00:00Z', finished_at = '2026-01-01 00:00:01.2345Z'
       where load_id = $1`,
      [load],
    );
    const { rows } = await database.pool.query("select * from sluice.loads where entry_name = 'view.csv'");
    expect(rows).toEqual([
      {
        run_id: runId,
        file_name: 'orders 1.csv',
        entry_name: 'view.csv',
        dataset: 'orders',
        parent_table: 'staging.orders',
        version_table: 'staging.orders__v1',
        status: 'published',
        records_read: 5,
        rows_loaded: 4,
        rows_rejected: 1,
        rows_skipped: 0,
        started_at: new Date('2026-01-01T00:00:00Z'),
        finished_at: new Date('2026-01-01T00:00:01.234Z'),
        seconds: expect.stringMatching(/^1\.23[45]$/),
        error_code: null,
        error_message: null,
        columns_discarded: [],
      },
    ]);
  });

  it('shows a run that failed before it had a load', async () => {
    const run = await insertRun(fileId, 'failed', 'FILE_EMPTY');
    const { rows } = await database.pool.query('select * from sluice.loads where run_id = $1', [run]);
    expect(rows).toEqual([
      expect.objectContaining({
        dataset: null,
        parent_table: null,
        version_table: null,
        status: 'failed',
        records_read: 0,
        seconds: '2.500',
        error_code: 'FILE_EMPTY',
        error_message: 'FILE_EMPTY',
      }),
    ]);
  });
});

describe('sluice.rejects', () => {
  it('shows the record with its original bytes', async () => {
    const load = await insertLoad({ status: 'loaded' });
    const raw = Buffer.from([0x61, 0x00, 0xff, 0x0a]);
    await database.pool.query(
      `insert into sluice.reject (run_id, load_id, record_number, line_number, column_name, code, message, sqlstate, raw)
       values ($1, $2, 3, 4, 'id', 'ROW_NOT_LOADABLE', 'bad', '22P02', $3)`,
      [runId, load, raw],
    );
    const { rows } = await database.pool.query('select * from sluice.rejects');
    expect(rows).toEqual([
      {
        run_id: runId,
        file_name: 'orders 1.csv',
        entry_name: null,
        record_number: 3,
        line_number: 4,
        column_name: 'id',
        code: 'ROW_NOT_LOADABLE',
        message: 'bad',
        sqlstate: '22P02',
        raw,
      },
    ]);
  });

  it('shows no record that a correction has answered', async () => {
    await database.pool.query('update sluice.reject set resolved_by = $1', [runId]);
    const { rows } = await database.pool.query('select * from sluice.rejects');
    expect(rows).toEqual([]);
  });
});

describe('sluice.versions', () => {
  it('shows each version table', async () => {
    const { rows } = await database.pool.query('select * from sluice.versions');
    expect(rows).toEqual([
      {
        dataset: 'orders',
        version: 1,
        label: 'north',
        folder: null,
        parent_table: 'staging.orders',
        version_table: 'staging.orders__v1',
        columns: [{ name: 'id' }],
        fingerprint: 'abc',
        first_run_id: runId,
      },
    ]);
  });
});
