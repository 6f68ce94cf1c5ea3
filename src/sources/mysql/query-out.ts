import type mysql from 'mysql2';
import type { TableReading } from '../source.ts';
import type { CsvBuffer } from './csv-buffer.ts';

/** With this much waiting to be taken, the server is let wait. */
const MOST_WAITING = 1024 * 1024;

export interface QueryOutOptions {
  /** Breaks off the statement. */
  kill(): Promise<void>;
  /** An error of the server or the connection. */
  asError(error: unknown): unknown;
}

/** Reads the rows of a SELECT as they come, and lets the server wait while nobody takes them. */
export class QueryOut implements TableReading {
  rows: number | null = null;
  private count = 0;
  private state: 'open' | 'ended' | 'failed' = 'open';
  private failure: unknown = null;
  private isPaused = false;
  private isUnwanted = false;
  private wake: () => void = () => {};
  private readonly onLost = (error: unknown) => this.end('failed', error);
  private readonly onEnd = () => this.onLost(new Error('the server ended the connection'));

  constructor(
    private readonly connection: mysql.Connection,
    sql: string,
    private readonly csv: CsvBuffer,
    private readonly options: QueryOutOptions,
  ) {
    // A connection that is lost is no error of the statement it was working on.
    connection.on('error', this.onLost).on('end', this.onEnd);
    connection
      .query({ sql, rowsAsArray: true, typeCast: false })
      .on('result', (row: unknown) => this.takeRow(row as (Buffer | null)[]))
      .on('error', (error: unknown) => this.end('failed', error))
      .on('end', () => this.end('ended', null));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  async read(target: Buffer, offset: number): Promise<number> {
    for (;;) {
      if (this.csv.length > 0) return this.csv.take(target, offset);
      if (this.state === 'failed') throw this.options.asError(this.failure);
      if (this.state === 'ended') {
        this.rows = this.count;
        return 0;
      }
      await this.more();
    }
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.isUnwanted = true;
    try {
      await this.options.kill();
      while (this.state === 'open') await this.more();
    } catch {
      // The connection is gone, which whoever uses it next is told.
    }
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (!this.isPaused) return;
      this.isPaused = false;
      this.connection.resume();
    });
  }

  private takeRow(row: readonly (Buffer | null)[]): void {
    if (this.isUnwanted) return;
    this.csv.writeRow(row);
    this.count++;
    if (this.csv.length < MOST_WAITING) return;
    this.isPaused = true;
    this.connection.pause();
    this.wake();
  }

  /** After a failure the end is told as well. */
  private end(state: 'ended' | 'failed', failure: unknown): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.failure = failure;
    this.connection.off('error', this.onLost).off('end', this.onEnd);
    this.wake();
  }
}
