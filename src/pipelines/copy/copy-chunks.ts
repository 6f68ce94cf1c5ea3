import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The copy stream does not expect rows from statements that go with the COPY; nobody needs them. */
const NO_ROWS = { handleRowDescription() {}, handleDataRow() {} };
/**
 * The socket asks to wait after a chunk of this size, until it has handed it on; a smaller one it may keep, and tell
 * nobody. Above the high-water mark of any socket.
 */
const WAITED_FOR_BYTES = 128 * 1024;

/**
 * Sends chunks to a COPY statement as the socket takes them; gives Postgres's own count of the rows. `next` is asked for
 * a chunk when the one before may be overwritten, and gives null after the last.
 */
export function copyChunks(
  client: PoolClient,
  statement: string,
  next: () => Buffer | null,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.query(Object.assign(copyFrom(statement), NO_ROWS));
    let failed = false;
    stream.once('error', (error) => {
      failed = true;
      reject(error);
    });
    stream.once('finish', () => resolve(stream.rowCount));
    const sendNext = () => {
      if (failed) return;
      const chunk = next();
      if (chunk === null) stream.end();
      else stream.write(chunk.length < WAITED_FOR_BYTES ? Buffer.from(chunk) : chunk, sendNext);
    };
    sendNext();
  });
}
