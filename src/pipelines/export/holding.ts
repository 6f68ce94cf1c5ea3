import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../../errors.ts';

/**
 * Runs `work` while this process alone has `names`. The locks are those of a session of their own, which `work` gets: a
 * snapshot that is taken afterwards sees what the process before has recorded.
 *
 * Throws EXPORT_RUNNING when another process has one of them.
 */
export async function holding<T>(
  pool: Pool,
  file: string,
  names: readonly string[],
  work: (session: PoolClient) => Promise<T>,
): Promise<T> {
  const session = await pool.connect();
  let isDone = false;
  try {
    for (const name of names) {
      const { rows } = await session.query<{ free: boolean }>(
        'select pg_try_advisory_lock(hashtextextended($1, 0)) as free',
        [`sluice export ${name}`],
      );
      if (rows[0]?.free !== true) throw new SluiceError('EXPORT_RUNNING', { file });
    }
    const result = await work(session);
    isDone = true;
    return result;
  } finally {
    const isFree = await session.query('select pg_advisory_unlock_all()').then(
      () => true,
      () => false,
    );
    session.release(!isDone && !isFree);
  }
}
