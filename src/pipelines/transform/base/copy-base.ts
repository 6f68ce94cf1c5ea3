import type { PoolClient } from 'pg';
import { quoteIdentifier } from '../../../db/identifiers.ts';
import { copyBytes } from '../../copy/copy-bytes.ts';
import { type BaseFile, readBaseRecords } from './base-file.ts';

/** What the statement of a base table reads. */
export const BASE_ROWS = 'pg_temp.sluice_base';

/** Brings the records of a base file to the server, as text, for the transaction at hand. */
export async function copyBase(client: PoolClient, base: BaseFile): Promise<void> {
  const columns = base.columns.map(({ name }) => `${quoteIdentifier(name)} text`).join(', ');
  await client.query(`create temp table sluice_base (${columns}) on commit drop`);
  await copyBytes(client, `copy ${BASE_ROWS} from stdin (format csv)`, await readBaseRecords(base));
  await client.query(`analyze ${BASE_ROWS}`);
}
