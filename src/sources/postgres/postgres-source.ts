import type pg from 'pg';
import { qualified, quoteIdentifier } from '../../db/identifiers.ts';
import { SluiceError } from '../../errors.ts';
import { breakOff } from '../break-off.ts';
import type { Selection, Source, SourceColumn, TableReading, WantedColumn } from '../source.ts';
import type { SourceName } from '../source-error.ts';
import { type PostgresRelation, readColumns, readRelations } from './catalogue.ts';
import { cancelStatement, connectPostgres, statementError } from './connect.ts';
import { CopyOut, copyStatement, selectList } from './copy-out.ts';

/** A Postgres database: one session, one snapshot. */
export class PostgresSource implements Source {
  readonly database = 'postgres';
  isLost = false;
  private reading: TableReading | null = null;
  private known: Promise<PostgresRelation[]> | null = null;

  private constructor(
    private readonly name: SourceName,
    readonly schema: string,
    private readonly client: pg.Client,
    private readonly processId: number,
  ) {}

  static async open(name: SourceName, schema = 'public'): Promise<PostgresSource> {
    let source: PostgresSource | null = null;
    const client = await connectPostgres(name, () => {
      if (source !== null) source.isLost = true;
    });
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    source = new PostgresSource(name, schema, client, rows[0]?.pid ?? 0);
    return source;
  }

  relations(): Promise<PostgresRelation[]> {
    this.known ??= this.ask(() => readRelations(this.client, this.schema));
    return this.known;
  }

  async describe(selection: Selection): Promise<SourceColumn[]> {
    const { query = `select * from ${await this.tableOf(selection)}` } = selection;
    return this.ask(() => readColumns(this.client, query));
  }

  /** A table comes in the order of its primary key: the same rows make the same content, wherever they lie. */
  async read(selection: Selection, columns: readonly WantedColumn[], limit?: number): Promise<TableReading> {
    const from =
      selection.query === undefined ? await this.tableOf(selection) : `(${selection.query}\n) as q`;
    const key = selection.query === undefined ? (await this.relationOf(selection)).key : [];
    const order =
      key.length === 0 ? '' : ` order by ${key.map((one) => `t.${quoteIdentifier(one)}`).join(', ')}`;
    const alias = selection.query === undefined ? ' as t' : '';
    const most = limit === undefined ? '' : ` limit ${limit}`;
    const select = `select ${selectList(columns)} from ${from}${alias}${order}${most}`;
    this.reading = await CopyOut.open(this.client, copyStatement(select, columns.length), {
      cancel: () => this.cancel(),
      asError: (error) => this.asError(error),
    });
    return this.reading;
  }

  async close(): Promise<void> {
    if (this.reading?.isOpen === true && !this.isLost) await breakOff(() => this.cancel());
    this.isLost = true;
    await this.client.end().catch(() => {});
  }

  private cancel(): Promise<void> {
    return cancelStatement(this.name, this.processId);
  }

  /** With the rows of its partitions and of tables that inherit from it, as everybody sees it. */
  private async tableOf(selection: Selection): Promise<string> {
    return qualified(this.schema, (await this.relationOf(selection)).name);
  }

  private async relationOf({ relation: name }: Selection): Promise<PostgresRelation> {
    const found = (await this.relations()).find((relation) => relation.name === name);
    if (found !== undefined) return found;
    throw new SluiceError('SOURCE_REFUSED', { source: this.name.name, reason: `there is no table ${name}` });
  }

  /** A statement that fails leaves the transaction, and with it the snapshot, as they were. */
  private async ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.client.query('SAVEPOINT asking');
      try {
        return await work();
      } catch (error) {
        await this.client.query('ROLLBACK TO SAVEPOINT asking').catch(() => {});
        throw error;
      }
    } catch (error) {
      throw this.asError(error);
    }
  }

  private asError(error: unknown): SluiceError {
    const problem = statementError(this.name, error);
    if (problem.code === 'SOURCE_CONNECTION_LOST') this.isLost = true;
    return problem;
  }
}
