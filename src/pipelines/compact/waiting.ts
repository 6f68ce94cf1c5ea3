import type { Pool, PoolClient } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import type { TableName } from '../plan/run-plan.ts';

const LOOK_EVERY_MS = 100;

/** Looks again and again whether somebody waits for these tables, whose writers the holder keeps out. */
export class Watch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private copier: number | null = null;
  private waiting = false;

  constructor(
    private readonly pool: Pool,
    private readonly tables: readonly TableName[],
    private readonly holder: number,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.onAbort);
    this.lookLater();
  }

  /** True when it is time to let go. */
  get isWanted(): boolean {
    return this.waiting;
  }

  /** The server process that copies; it is cancelled when somebody waits. */
  readonly onCopier = (pid: number): void => {
    this.copier = pid;
    if (this.waiting || this.signal.aborted) void this.cancel();
  };

  /** Nothing is copied any more. */
  copied(): void {
    this.copier = null;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => void this.cancel();

  private lookLater(): void {
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    const names = this.tables.map(({ schema, name }) => qualified(schema, name));
    // When the database is away the copy fails by itself.
    const found = await this.pool.query(WAITING, [names, this.holder]).catch(() => null);
    if ((found?.rowCount ?? 0) > 0) {
      this.waiting = true;
      await this.cancel();
    }
    this.lookLater();
  }

  private async cancel(): Promise<void> {
    if (this.copier !== null)
      await this.pool.query('select pg_cancel_backend($1)', [this.copier]).catch(() => null);
  }
}

/** Readers never wait for the copy, and only the holder makes them wait, at its very end. */
const WAITING = `
  select from pg_locks w
   where w.locktype = 'relation' and not w.granted and w.mode <> 'AccessShareLock' and w.pid <> $2
     and w.database = (select oid from pg_database where datname = current_database())
     and w.relation in (select to_regclass(name)::oid from unnest($1::text[]) as name)
   limit 1`;

/** Transactions of the database that are under way at this moment, but for the holder's and the one that asks. */
export async function transactionsUnderWay(pool: Pool, holder: number): Promise<string[]> {
  const { rows } = await pool.query<{ transaction: string }>(UNDER_WAY, [holder]);
  return rows.map((row) => row.transaction);
}

const UNDER_WAY = `
  select l.virtualxid as transaction
    from pg_locks l join pg_stat_activity a using (pid)
   where l.locktype = 'virtualxid' and l.granted and l.mode = 'ExclusiveLock' and l.virtualxid is not null
     and l.pid <> pg_backend_pid() and l.pid <> $1 and a.datname = current_database()`;

/** True while one of these transactions has not ended. */
export async function anyUnderWay(
  client: Pool | PoolClient,
  transactions: readonly string[],
): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_locks where locktype = 'virtualxid' and granted and mode = 'ExclusiveLock' and virtualxid = any($1) limit 1`,
    [transactions],
  );
  return (rowCount ?? 0) > 0;
}
