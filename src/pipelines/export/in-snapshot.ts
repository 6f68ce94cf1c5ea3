import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../db/transaction.ts';
import type { CompleteFile } from './write-export.ts';

/** Reads in one transaction. A file that `read` has completed is deleted again when the transaction does not end well. */
export async function inSnapshot<T extends { readonly complete: CompleteFile | null }>(
  pool: Pool,
  signal: AbortSignal,
  read: (client: PoolClient) => Promise<T>,
): Promise<T> {
  let complete: CompleteFile | null = null;
  const noted = async (client: PoolClient) => {
    const result = await read(client);
    complete = result.complete;
    return result;
  };
  try {
    return await inTransaction(pool, noted, { signal });
  } catch (error) {
    await (complete as CompleteFile | null)?.file.discard();
    throw error;
  }
}
