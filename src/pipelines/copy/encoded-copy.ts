import type { PoolClient } from 'pg';
import { isRecordError } from '../../db/sqlstate.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import type { RecordSpan } from '../../formats/delimited/records.ts';
import type { TableName } from '../plan/run-plan.ts';
import { copyChunks } from './copy-chunks.ts';
import { type CopyJob, encodedStatement } from './copy-job.ts';
import { BlockEncoder } from './encode/block-encoder.ts';
import { type ColumnEncoding, columnEncoding } from './encode/columns.ts';

/** Longer blocks hold a record that is longer than a block: encoding would need as much memory again. */
const MOST_BYTES = 8 * 1024 * 1024;

/** What became of a block. */
export interface EncodedCopy {
  /** Postgres's own count. */
  readonly rows: number;
  /** Records that were not sent. */
  readonly doubtful: readonly RecordSpan[];
}

/**
 * Copies blocks in Postgres's binary format, which costs the server half of what reading text does. Only values of
 * which it is certain what the server would make of their text are sent that way.
 */
export class EncodedCopier {
  private constructor(
    private readonly client: PoolClient,
    private readonly statement: string,
    private readonly encoder: BlockEncoder,
  ) {}

  /**
   * Null when the dialect is another, or a column has a type that is only known to the server. The types are those
   * of the table itself, whatever the plan says: bytes of another type would be taken for its own.
   */
  static async for(client: PoolClient, job: CopyJob, table: TableName): Promise<EncodedCopier | null> {
    if (job.alwaysNormalise || job.rowNumbers !== null || !BlockEncoder.suits(job.dialect)) return null;
    const types = await columnTypes(client, table);
    const encodings: ColumnEncoding[] = [];
    for (const { column } of job.fields) {
      const encoding = columnEncoding(types.get(column.name) ?? 'unknown');
      if (encoding === null) return null;
      encodings.push(encoding);
    }
    const encoder = new BlockEncoder(job.dialect, encodings);
    return new EncodedCopier(client, encodedStatement(job, table), encoder);
  }

  takes(block: Block): boolean {
    return block.bytes.length <= MOST_BYTES;
  }

  /**
   * Copies a block without hazards, after the statements in `first`. Null when Postgres refuses a record all the
   * same; the caller rolls back then. Any other error is raised.
   */
  async copy(block: Block, first: string): Promise<EncodedCopy | null> {
    const { client, encoder, statement } = this;
    encoder.start(block);
    try {
      const rows = await copyChunks(client, `${first}; ${statement}`, () => encoder.next());
      return { rows, doubtful: encoder.doubtful };
    } catch (error) {
      if (isRecordError(error)) return null;
      throw error;
    }
  }
}

async function columnTypes(client: PoolClient, table: TableName): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped`,
    [table.schema, table.name],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}
