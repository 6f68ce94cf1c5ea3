import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { duckdbCopy, type ParquetColumn } from './parquet-columns.ts';

/** Of DuckDB alone; what it does not hold goes to a file. Node and the library itself come on top. */
const MEMORY = '64MB';
const OPEN_POLL_MS = 2;

export interface ParquetTarget {
  readonly export: string;
  /** Is written in place. */
  readonly file: string;
  readonly codec: 'uncompressed' | 'snappy' | 'gzip' | 'zstd';
}

/**
 * Writes rows that come as CSV into a Parquet file; gives their number, as it stands in the file. DuckDB reads them from a
 * named pipe as they come, so that there is no copy of them on disk.
 */
export async function writeParquet(
  rows: Readable,
  columns: readonly ParquetColumn[],
  target: ParquetTarget,
  signal: AbortSignal,
): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-parquet-'));
  try {
    const pipe = path.join(folder, 'rows.csv');
    await promisify(execFile)('mkfifo', ['-m', '600', pipe]);
    return await copyThrough(pipe, rows, columns, target, signal);
  } finally {
    rows.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyThrough(
  pipe: string,
  rows: Readable,
  columns: readonly ParquetColumn[],
  target: ParquetTarget,
  signal: AbortSignal,
): Promise<number> {
  const duckdb = await openDuckdb(target.export, path.dirname(pipe));
  try {
    let failure: unknown = null;
    let isOver = false;
    const written = duckdb
      .run(duckdbCopy(columns, pipe, target.file, target.codec))
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        isOver = true;
      });
    const writing = new AbortController();
    void written.then(() => failure !== null && writing.abort());
    try {
      const socket = await openForWriting(pipe, () => isOver);
      if (socket !== null)
        await pipeline(rows, socket, { signal: AbortSignal.any([signal, writing.signal]) });
    } catch (error) {
      failure ??= error;
    }
    // Ends in every case: whoever writes into the pipe has closed it.
    await written;
    signal.throwIfAborted();
    if (failure !== null) throw duckdbError(target.export, columns, failure);
    return await duckdb.rowsOf(target.file);
  } finally {
    duckdb.close();
  }
}

/** Opening fails until there is a reader; one that blocks would block for good when DuckDB never opens it. */
async function openForWriting(pipe: string, isOver: () => boolean): Promise<Socket | null> {
  while (!isOver()) {
    try {
      const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
      const socket = new Socket({ fd, readable: false, writable: true });
      socket.once('finish', () => socket.destroy());
      return socket;
    } catch (error) {
      if (codeOf(error) !== 'ENXIO') throw error;
      await sleep(OPEN_POLL_MS);
    }
  }
  return null;
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
