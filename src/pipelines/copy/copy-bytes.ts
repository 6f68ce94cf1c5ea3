import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Sends `bytes` to a COPY statement; gives Postgres's own count of the rows. */
export function copyBytes(client: PoolClient, statement: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(statement));
    stream.once('error', reject);
    stream.once('finish', () => resolve(stream.rowCount));
    stream.end(bytes);
  });
}
