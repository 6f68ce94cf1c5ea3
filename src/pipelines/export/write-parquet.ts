import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, SluiceError } from '../../errors.ts';
import { duckdbCopy, type ParquetColumn } from './parquet-columns.ts';

/** Of DuckDB alone; what it does not hold goes to a file. Node and the library itself come on top. */
const MEMORY = '80MB';

export interface ParquetTarget {
  readonly export: string;
  /** Is written in place. */
  readonly file: string;
  readonly codec: 'uncompressed' | 'snappy' | 'gzip' | 'zstd';
}

/**
 * Writes rows that come as CSV into a Parquet file; gives their number, as it stands in the file. They are put into a
 * temporary file first: of a pipe DuckDB keeps all that it has read in memory.
 */
export async function writeParquet(
  rows: Readable,
  columns: readonly ParquetColumn[],
  target: ParquetTarget,
  signal: AbortSignal,
): Promise<number> {
  await sweepAbandoned();
  const folder = await mkdtemp(path.join(tmpdir(), `sluice-parquet-${process.pid}-`));
  try {
    const csv = path.join(folder, 'rows.csv');
    const duckdb = await openDuckdb(target.export, folder);
    try {
      await pipeline(rows, createWriteStream(csv, { mode: 0o600 }), { signal });
      await duckdb.run(duckdbCopy(columns, csv, target.file, target.codec));
      signal.throwIfAborted();
      return await duckdb.rowsOf(target.file);
    } catch (error) {
      throw duckdbError(target.export, columns, error);
    } finally {
      duckdb.close();
    }
  } finally {
    rows.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Deletes what processes have left that were killed. */
async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^sluice-parquet-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another user's is for that user to delete.
    await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

interface Duckdb {
  run(sql: string): Promise<void>;
  rowsOf(file: string): Promise<number>;
  close(): void;
}

/** Loaded here and not before: who writes no Parquet does not pay for it, and need not have it. */
async function openDuckdb(name: string, folder: string): Promise<Duckdb> {
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((error: unknown) => {
    throw new SluiceError('EXPORT_FORMAT_MISSING', { export: name, reason: messageOf(error) }, error);
  });
  const instance = await DuckDBInstance.create(':memory:', {
    ...{ threads: '1', memory_limit: MEMORY, temp_directory: folder, preserve_insertion_order: 'false' },
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
  });
  const connection = await instance.connect();
  return {
    async run(sql) {
      await connection.run(sql);
    },
    async rowsOf(file) {
      const counted = await connection.runAndReadAll(
        `select sum(num_rows)::double from parquet_file_metadata('${file.replaceAll("'", "''")}')`,
      );
      return Number(counted.getRows()[0]?.[0]);
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function duckdbError(name: string, columns: readonly ParquetColumn[], error: unknown): unknown {
  const message = messageOf(error);
  if (!/^[A-Z][A-Za-z ]* Error: /.test(message)) return error;
  const lines = message.split('\n');
  const line = lines.find((one) => one.startsWith('Error when ')) ?? lines[0] ?? '';
  const reason = line.replace(/"c(\d+)"/, (_, at: string) => `"${columns[Number(at)]?.name}"`);
  return new SluiceError('EXPORT_FAILED', { export: name, reason: `DuckDB: ${reason}` }, error);
}
