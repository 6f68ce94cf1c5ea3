import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { qualified } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import { stepDone } from '../../steps.ts';
import { sha256Of, WholeFile } from '../../whole-file.ts';
import { copyStatement, exportColumns } from './export-query.ts';
import type { ExportRequest } from './export-request.ts';
import type { Exported } from './exported.ts';
import { copyForParquet, parquetColumns, refuseAlike } from './parquet-columns.ts';
import { writeParquet } from './write-parquet.ts';
import { createZstd } from './zstd-stream.ts';

/** Begins the names of files that are being written. */
export const TEMPORARY_PREFIX = '.sluice-export-';

/** A file that is complete and on disk, but not under its name yet; and what its manifest will say. */
export interface CompleteFile {
  readonly file: WholeFile;
  readonly told: Exported;
}

/** Where and when the rows were read. */
export type Reading = Pick<Exported, 'snapshot' | 'takenAt'>;

/**
 * Makes the transaction read one snapshot, which begins after what is read has been locked: else a run that is taken back
 * in between is published to the one and gone to the other.
 */
export async function beginReading(
  client: pg.ClientBase,
  { source }: ExportRequest,
  isLockable: boolean,
): Promise<Reading> {
  await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  if (source.kind === 'relation' && isLockable) {
    await client.query(`LOCK TABLE ${qualified(source.schema, source.table)} IN ACCESS SHARE MODE`);
  }
  const { rows } = await client.query<Reading>(
    'select pg_current_snapshot()::text as snapshot, clock_timestamp() as "takenAt"',
  );
  return rows[0] as Reading;
}

/** Writes the rows of a query into a temporary file; they are counted once more in the same snapshot. */
export async function writeRows(
  client: pg.ClientBase,
  request: ExportRequest,
  query: string,
  reading: Reading,
  signal: AbortSignal,
): Promise<CompleteFile> {
  const started = performance.now();
  const columns = await exportColumns(client, query);
  refuseTwice(request, columns);
  const file = await WholeFile.create(request.file, TEMPORARY_PREFIX);
  stepDone('export begun', request.name);
  try {
    const written = await copyInto(file, client, query, request, columns, signal);
    stepDone('rows written', request.name);
    await file.complete();
    stepDone('file complete', request.name);
    const seconds = Math.round(performance.now() - started) / 1000;
    const { name, format, compression } = request;
    const told = { name, file: request.file, format, compression, ...written, columns, ...reading, seconds };
    return { file, told };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** A JSON object with a name twice loses a value to its reader. */
function refuseTwice({ name, format }: ExportRequest, columns: Exported['columns']): void {
  if (format === 'parquet') refuseAlike(name, columns);
  if (format !== 'jsonl') return;
  const twice = columns.find((column, at) => columns.findIndex((other) => other.name === column.name) < at);
  if (twice === undefined) return;
  throw new SluiceError('EXPORT_FAILED', { export: name, reason: `two columns are named ${twice.name}` });
}

type Written = Pick<Exported, 'rows' | 'bytes' | 'sha256'>;

async function copyInto(
  file: WholeFile,
  client: pg.ClientBase,
  query: string,
  request: ExportRequest,
  columns: Exported['columns'],
  signal: AbortSignal,
): Promise<Written> {
  const { name, format } = request;
  const written =
    format === 'parquet'
      ? await copyAsParquet(file, client, query, request, columns, signal)
      : await copyAsText(file, client, query, { ...request, format }, columns, signal);
  // The disk has its work while the server counts; whatever fails is told, and the file is discarded.
  const completing = file.complete();
  completing.catch(() => {});
  const counted = await client.query<{ count: number }>(`select count(*) from (\n${query}\n) as exported`);
  await completing;
  const there = Number(counted.rows[0]?.count);
  const { rows } = written;
  if (rows !== there) throw new SluiceError('EXPORT_MISCOUNTED', { export: name, rows, counted: there });
  return written;
}

async function copyAsText(
  file: WholeFile,
  client: pg.ClientBase,
  query: string,
  { format, compression }: ExportRequest & { readonly format: 'csv' | 'jsonl' },
  columns: Exported['columns'],
  signal: AbortSignal,
): Promise<Written> {
  // What can fail to load is loaded before the COPY, which ends only when it has been read.
  const compressor =
    compression === 'gzip' ? createGzip() : compression === 'zstd' ? await createZstd() : null;
  const copy = client.query(copyStreams.to(copyStatement(query, format, columns)));
  const hash = createHash('sha256');
  let bytes = 0;
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      bytes += chunk.length;
      hash.update(chunk);
      file.write(chunk).then(() => done(), done);
    },
  });
  if (compressor === null) await pipeline(copy, target, { signal });
  else await pipeline(copy, compressor, target, { signal });
  // The command tag comes after the last row: it is there when the next statement has been answered.
  await client.query('select');
  return { rows: copy.rowCount, bytes, sha256: hash.digest('hex') };
}

/** DuckDB writes the file, and it is read once more for its hash. */
async function copyAsParquet(
  file: WholeFile,
  client: pg.ClientBase,
  query: string,
  { name, compression }: ExportRequest,
  columns: Exported['columns'],
  signal: AbortSignal,
): Promise<Written> {
  const typed = await parquetColumns(client, query, columns);
  const copy = client.query(copyStreams.to(copyForParquet(query, typed)));
  const codec = compression === 'none' ? 'uncompressed' : compression;
  const rows = await writeParquet(copy, typed, { export: name, file: file.temporary, codec }, signal);
  await client.query('select');
  if (rows !== copy.rowCount) {
    throw new SluiceError('EXPORT_MISCOUNTED', { export: name, rows, counted: copy.rowCount });
  }
  const { size } = await stat(file.temporary);
  return { rows, bytes: size, sha256: await sha256Of(file.temporary) };
}
