import type { Database } from '../db/database.ts';
import type { Log } from '../log.ts';

/** `application_name` of the service's connections. */
export const SERVICE_NAME = 'sluice';

/** DEV=true drops what there is; not under the feet of a service that works on it. */
export async function mayRemake(database: Database, log: Log, applicationName: string): Promise<boolean> {
  if (applicationName === SERVICE_NAME) return true;
  const { rowCount } = await database.pool.query(
    'select from pg_stat_activity where datname = current_database() and application_name = $1 limit 1',
    [SERVICE_NAME],
  );
  if (rowCount === 1) log.warn('DEV=true is not obeyed: a service works on this database');
  return rowCount === 0;
}
