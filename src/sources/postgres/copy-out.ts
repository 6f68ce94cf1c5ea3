import type pg from 'pg';
import { type CopyToStreamQuery, to as copyTo } from 'pg-copy-streams';
import { quoteIdentifier } from '../../db/identifiers.ts';
import { StreamSource } from '../../formats/stream-source.ts';
import type { TableReading, WantedColumn } from '../source.ts';

const CHUNK_BYTES = 1024 * 1024;

/** COPY of a SELECT in the dialect of `pullDialect`. */
export function copyStatement(select: string, columnCount: number): string {
  const options = columnCount === 1 ? "NULL '\\N', FORCE_QUOTE *" : "NULL ''";
  return `COPY (${select}\n) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8', ${options})`;
}

/** A SELECT list whose values are written as the type map of Postgres wants them. */
export function selectList(columns: readonly WantedColumn[]): string {
  return columns.map((column) => `${expression(column)} as ${quoteIdentifier(column.name)}`).join(', ');
}

/** Money is written with the signs of a language; as a number it is the same everywhere. */
function expression({ name, type, written }: WantedColumn): string {
  if (written === 'none') return 'null::text';
  const column = quoteIdentifier(name);
  return type === 'money' ? `${column}::numeric` : column;
}

export interface CopyOutOptions {
  /** Breaks off the statement. */
  cancel(): Promise<void>;
  /** An error of the server or the connection. */
  asError(error: unknown): unknown;
}

/**
 * Reads what COPY gives. A savepoint keeps the transaction, and with it the snapshot, when the reading is broken off or
 * fails.
 */
export class CopyOut implements TableReading {
  rows: number | null = null;
  private state: 'open' | 'failed' | 'ended' = 'open';
  private readonly bytes: StreamSource;

  private constructor(
    private readonly client: pg.Client,
    private readonly stream: CopyToStreamQuery,
    private readonly options: CopyOutOptions,
  ) {
    this.bytes = new StreamSource(stream);
  }

  static async open(client: pg.Client, statement: string, options: CopyOutOptions): Promise<CopyOut> {
    try {
      await client.query('SAVEPOINT reading');
    } catch (error) {
      throw options.asError(error);
    }
    return new CopyOut(client, client.query(copyTo(statement, { highWaterMark: CHUNK_BYTES })), options);
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  async read(target: Buffer, offset: number): Promise<number> {
    if (this.state !== 'open') return 0;
    try {
      const got = await this.bytes.read(target, offset);
      if (got > 0) return got;
      // What the server says at the end has come when the next statement is answered.
      await this.client.query('RELEASE SAVEPOINT reading');
      this.rows = this.stream.rowCount;
      this.state = 'ended';
      return 0;
    } catch (error) {
      this.state = 'failed';
      throw this.options.asError(error);
    }
  }

  async close(): Promise<void> {
    if (this.state === 'ended') return;
    const isRunning = this.state === 'open';
    this.state = 'ended';
    try {
      if (isRunning) await this.breakOff();
      await this.client.query('ROLLBACK TO SAVEPOINT reading');
    } catch {
      // The connection is gone, which whoever uses it next is told.
    }
  }

  /** What is on its way still has to be read: the connection is of use only behind it. */
  private async breakOff(): Promise<void> {
    await this.options.cancel();
    const rest = Buffer.allocUnsafe(CHUNK_BYTES);
    try {
      while ((await this.bytes.read(rest, 0)) > 0);
    } catch {
      // The statement was cancelled.
    }
  }
}
