import type mysql from 'mysql2';
import { SluiceError } from '../../errors.ts';
import { breakOff } from '../break-off.ts';
import type { Relation, Selection, Source, SourceColumn, TableReading, WantedColumn } from '../source.ts';
import type { SourceName } from '../source-error.ts';
import {
  currentSchema,
  isMariaDb,
  quoted,
  readColumns,
  readKey,
  readQueryColumns,
  readRelations,
} from './catalogue.ts';
import { connectMysql, killStatement, statementError } from './connect.ts';
import { CsvBuffer } from './csv-buffer.ts';
import { QueryOut } from './query-out.ts';
import { expressionFor, writerFor } from './values.ts';

/** A MySQL or MariaDB database: one session, one snapshot. */
export class MysqlSource implements Source {
  readonly database = 'mysql';
  isLost = false;
  private reading: TableReading | null = null;

  private constructor(
    private readonly name: SourceName,
    readonly schema: string,
    private readonly connection: mysql.Connection,
    private readonly mariaDb: boolean,
  ) {}

  static async open(name: SourceName, schema: string | undefined): Promise<MysqlSource> {
    let source: MysqlSource | null = null;
    const connection = await connectMysql(name, () => {
      if (source !== null) source.isLost = true;
    });
    try {
      const found = schema ?? (await currentSchema(connection));
      if (found === null) {
        const reason = 'neither its URL nor its `schema` names a database';
        throw new SluiceError('SOURCE_UNSUPPORTED', { source: name.name, reason });
      }
      source = new MysqlSource(name, found, connection, await isMariaDb(connection));
      return source;
    } catch (error) {
      connection.destroy();
      throw statementError(name, error);
    }
  }

  relations(): Promise<Relation[]> {
    return this.ask(() => readRelations(this.connection, this.schema));
  }

  describe({ relation, query }: Selection): Promise<SourceColumn[]> {
    return this.ask(() =>
      query === undefined
        ? readColumns(this.connection, this.schema, relation)
        : readQueryColumns(this.connection, query),
    );
  }

  /** A table comes in the order of its primary key: the same rows make the same content, wherever they lie. */
  async read(selection: Selection, columns: readonly WantedColumn[], limit?: number): Promise<TableReading> {
    const sql = await this.ask(() => this.selectFor(selection, columns, limit));
    const csv = new CsvBuffer(columns.map(writerFor));
    csv.writeHeader(columns.map(({ name }) => name));
    this.reading = new QueryOut(this.connection, sql, csv, {
      kill: () => this.kill(),
      asError: (error) => this.asError(error),
    });
    return this.reading;
  }

  async close(): Promise<void> {
    if (this.reading?.isOpen === true && !this.isLost) await breakOff(() => this.kill());
    this.isLost = true;
    this.connection.destroy();
  }

  private kill(): Promise<void> {
    return killStatement(this.name, this.connection.threadId ?? 0);
  }

  /** A query stays as it is where it can: the order of its rows is lost in a subquery. */
  private async selectFor(
    { relation, query }: Selection,
    columns: readonly WantedColumn[],
    limit?: number,
  ): Promise<string> {
    const expressions = columns.map((column) => expressionFor(column, this.mariaDb));
    const most = limit === undefined ? '' : ` limit ${limit}`;
    if (query !== undefined && limit === undefined && expressions.every((one) => one === null)) return query;
    const list = columns
      .map(({ name }, at) => `${expressions[at] ?? quoted(name)} as ${quoted(name)}`)
      .join(', ');
    if (query !== undefined) return `select ${list} from (${query}\n) as q${most}`;
    const key = await readKey(this.connection, this.schema, relation);
    const order = key.length === 0 ? '' : ` order by ${key.map((one) => `t.${quoted(one)}`).join(', ')}`;
    return `select ${list} from ${quoted(this.schema)}.${quoted(relation)} as t${order}${most}`;
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
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
