import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The copy stream does not expect rows from statements that go with the COPY; nobody needs them. */
const NO_ROWS = { handleRowDescription() {}, handleDataRow() {} };

/**
 * Sends `bytes` to a COPY statement; gives Postgres's own count of the rows. Other statements may stand before it,
 * divided by semicolons: they cost no round trip of their own.
 */
export function copyBytes(client: PoolClient, statement: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.query(Object.assign(copyFrom(statement), NO_ROWS));
    stream.once('error', reject);
    stream.once('finish', () => resolve(stream.rowCount));
    stream.end(bytes);
  });
}
