import type { Pool, PoolClient } from 'pg';
import { SluiceError } from '../../errors.ts';

/**
 * Runs `work` with a session whose locks keep other processes out: a snapshot that is taken afterwards sees what the
 * process before has recorded. They end with the session.
 */
export async function holding<T>(pool: Pool, work: (session: PoolClient) => Promise<T>): Promise<T> {
  const session = await pool.connect();
  let isFree = false;
  try {
    return await work(session);
  } finally {
    isFree = await session.query('select pg_advisory_unlock_all()').then(
      () => true,
      () => false,
    );
    session.release(!isFree);
  }
}

/** Whether this session alone has `name` now. */
export async function tryLock(session: PoolClient, name: string): Promise<boolean> {
  const { rows } = await session.query<{ free: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as free',
    [`sluice export ${name}`],
  );
  return rows[0]?.free === true;
}

/** Throws EXPORT_RUNNING when another process has it. */
export async function lock(session: PoolClient, name: string, file: string): Promise<void> {
  if (!(await tryLock(session, name))) throw new SluiceError('EXPORT_RUNNING', { file });
}

/** The lock under which a file is written that has this name until it is complete. */
export function lockOfTemporary(temporary: string): string {
  return temporary;
}

/** The lock under which an export of the configuration is written. */
export function lockOfExport(name: string): string {
  return `of ${name}`;
}
