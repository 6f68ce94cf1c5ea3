import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { toSluiceError } from '../../db/database-error.ts';
import { inTransaction } from '../../db/transaction.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { WholeFile } from '../../whole-file.ts';
import { copyStatement, exportColumns, exportQuery } from './export-query.ts';
import type { ExportRequest } from './export-request.ts';
import type { Exported } from './exported.ts';

/**
 * Writes one export and its manifest. Everything is read in one snapshot, in which the rows are counted once more; the
 * file takes its name when it is complete. The manifest comes last: a file without one was not finished.
 *
 * Throws EXPORT_UNKNOWN, EXPORT_FAILED, EXPORT_RUNNING, EXPORT_MISCOUNTED, COMMAND_STOPPED, and errors of the database.
 */
export async function writeExport(
  pool: pg.Pool,
  request: ExportRequest,
  signal: AbortSignal,
): Promise<Exported> {
  try {
    return await inTransaction(pool, (client) => write(client, request, signal), { signal });
  } catch (error) {
    if (signal.aborted) throw new SluiceError('COMMAND_STOPPED', {}, error);
    const problem = toSluiceError(error);
    if (problem.code !== 'DATABASE_REFUSED' && problem.code !== 'INTERNAL') throw problem;
    throw new SluiceError('EXPORT_FAILED', { export: request.name, reason: messageOf(error) }, error);
  }
}

async function write(client: pg.ClientBase, request: ExportRequest, signal: AbortSignal): Promise<Exported> {
  const started = performance.now();
  await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const { snapshot, takenAt } = await claim(client, request);
  const query = await exportQuery(client, request);
  const columns = await exportColumns(client, query);
  refuseTwice(request, columns);
  const manifestFile = `${request.file}.manifest.json`;
  const file = await WholeFile.create(request.file);
  try {
    const written = await copyInto(file, client, query, request, signal);
    const seconds = Math.round(performance.now() - started) / 1000;
    const { name, format, compression } = request;
    const told = { name, file: request.file, format, compression, ...written, columns, snapshot, takenAt };
    await rm(manifestFile, { force: true });
    await file.finish();
    const manifest = await WholeFile.create(manifestFile);
    await manifest.write(Buffer.from(`${JSON.stringify(told, null, 2)}\n`));
    await manifest.finish();
    return { ...told, seconds };
  } finally {
    await file.discard();
  }
}

/** Two that write the same file would write into the same temporary one. */
async function claim(client: pg.ClientBase, { file }: ExportRequest) {
  const { rows } = await client.query<{ free: boolean; snapshot: string; takenAt: Date }>(
    `select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free,
            pg_current_snapshot()::text as snapshot, clock_timestamp() as "takenAt"`,
    [`sluice export ${file}`],
  );
  const [row] = rows;
  if (row?.free !== true) throw new SluiceError('EXPORT_RUNNING', { file });
  return row;
}

/** A JSON object with a name twice loses a value to its reader. */
function refuseTwice({ name, format }: ExportRequest, columns: Exported['columns']): void {
  if (format !== 'jsonl') return;
  const twice = columns.find((column, at) => columns.findIndex((other) => other.name === column.name) < at);
  if (twice === undefined) return;
  throw new SluiceError('EXPORT_FAILED', { export: name, reason: `two columns are named ${twice.name}` });
}

async function copyInto(
  file: WholeFile,
  client: pg.ClientBase,
  query: string,
  { name, format, compression }: ExportRequest,
  signal: AbortSignal,
): Promise<Pick<Exported, 'rows' | 'bytes' | 'sha256'>> {
  const copy = client.query(copyStreams.to(copyStatement(query, format)));
  const hash = createHash('sha256');
  let bytes = 0;
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      bytes += chunk.length;
      hash.update(chunk);
      file.write(chunk).then(() => done(), done);
    },
  });
  if (compression === 'gzip') await pipeline(copy, createGzip(), target, { signal });
  else await pipeline(copy, target, { signal });
  // The command tag comes after the last row: it is there when the next statement has been answered.
  const counted = await client.query<{ count: number }>(`select count(*) from (\n${query}\n) as exported`);
  const rows = copy.rowCount;
  const there = Number(counted.rows[0]?.count);
  if (rows !== there) throw new SluiceError('EXPORT_MISCOUNTED', { export: name, rows, counted: there });
  return { rows, bytes, sha256: hash.digest('hex') };
}
