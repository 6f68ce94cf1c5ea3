import type { Pool, PoolClient } from 'pg';
import { hasCode, type SluiceError } from '../errors.ts';
import { claimFolder, type WatchedFolder } from './folder-claim.ts';
import {
  FEED_OF_FILE,
  SOURCE_FILE_COLUMNS,
  type SourceFile,
  type SourceFileColumns,
  toSourceFile,
} from './source-file.ts';

/** Advisory-lock key space of file leases: the bytes "sluf" above the file id. */
export const LEASE_SPACE = '8317151692793577472';

const SOURCE_KEY = "hashtextextended('sluice:source:' || $1, 0)";

/**
 * Leases on waiting files: one process works on a file at a time. A lease is an advisory lock on a connection of
 * its own, so the server itself gives it back when the process dies, and nothing is left to clean up.
 */
export class Leases {
  private client: Promise<PoolClient> | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private folder: WatchedFolder | null = null;
  /** Server process of the last connection. */
  private backendPid: number | null = null;
  private closed = false;
  /** Files that this process works on; the server would give it a lease twice. */
  private readonly own = new Set<number>();
  /** Told when the folder was lost with a connection, and somebody else has it now. */
  onFolderLost: (error: SluiceError) => void = () => {};

  constructor(private readonly pool: Pool) {}

  /**
   * Takes a folder for as long as this process lives. It is held by the connection that holds the leases, so that no file
   * is claimed without it; when the connection is lost, it is taken anew with the next one.
   *
   * @throws FOLDER_WATCHED, FOLDER_NESTED when another process has it, or a folder above or below it
   */
  async claimFolder(folder: WatchedFolder): Promise<void> {
    await this.inTurn(async () => {
      const client = await this.connection();
      await claimFolder(client, folder, null);
      this.folder = folder;
    });
  }

  /**
   * Takes up to `limit` waiting files whose path starts with `root`, oldest first, that nobody else works on.
   * With `fileIds` only those are considered. Files whose next attempt is not due yet are left.
   *
   * Files of one feed are taken in their order, and only when no earlier one is left behind: the next one alone, or with
   * `behind` up to `mostOfFeed` that follow upon each other and on those.
   */
  async claim(limit: number, scope: ClaimScope): Promise<SourceFile[]> {
    const { root = null, fileIds = null, maxBytes = null, behind = [], mostOfFeed = 1 } = scope;
    const values = [limit, root, fileIds, scope.held, maxBytes, behind, scope.stuck ?? [], mostOfFeed];
    const { rows } = await this.inTurn(async () => {
      const client = await this.connection();
      return client.query<SourceFileColumns & { is_next: boolean }>(CLAIM, values);
    });
    // Another process has the one before.
    const gaps = rows.filter((row) => !row.is_next);
    if (gaps.length > 0) await this.release(gaps.map((row) => row.file_id));
    for (const row of rows) if (row.is_next) this.own.add(row.file_id);
    return rows.filter((row) => row.is_next).map(toSourceFile);
  }

  /** Takes the lease on one file; false when somebody has it, here or in another process. */
  async hold(fileId: number): Promise<boolean> {
    if (this.own.has(fileId)) return false;
    this.own.add(fileId);
    let isHeld = false;
    try {
      isHeld = await this.lock(fileId);
    } finally {
      if (!isHeld) this.own.delete(fileId);
    }
    return isHeld;
  }

  private async lock(fileId: number): Promise<boolean> {
    const { rows } = await this.inTurn(async () => {
      const client = await this.connection();
      return client.query<{ held: boolean }>(
        `select pg_try_advisory_lock(${LEASE_SPACE}::bigint + $1::bigint) as held`,
        [fileId],
      );
    });
    return rows[0]?.held === true;
  }

  async release(fileIds: readonly number[]): Promise<void> {
    for (const fileId of fileIds) this.own.delete(fileId);
    const connected = this.client;
    if (connected === null) return;
    await this.inTurn(async () => {
      const client = await connected;
      await client.query(
        `select pg_advisory_unlock(${LEASE_SPACE}::bigint + file_id) from unnest($1::bigint[]) as file_id`,
        [fileIds],
      );
    });
  }

  /** Takes a source for as long as this process lives, or until it is given back; false when another process pulls from it. */
  async holdSource(source: string): Promise<boolean> {
    const { rows } = await this.inTurn(async () => {
      const client = await this.connection();
      return client.query<{ held: boolean }>(`select pg_try_advisory_lock(${SOURCE_KEY}) as held`, [source]);
    });
    return rows[0]?.held === true;
  }

  async releaseSource(source: string): Promise<void> {
    const connected = this.client;
    if (connected === null) return;
    await this.inTurn(async () =>
      (await connected).query(`select pg_advisory_unlock(${SOURCE_KEY})`, [source]),
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = this.client;
    this.client = null;
    (await client?.catch(() => null))?.release(true);
  }

  /** Callers share one connection, which takes one statement at a time. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  /** One connection for all callers, also for those who ask while it is being made: a lease lives and dies with it. */
  private connection(): Promise<PoolClient> {
    this.client ??= this.connect();
    return this.client;
  }

  /** A connection that was lost is handed back, or the pool would count it for good. */
  private connect(): Promise<PoolClient> {
    const connecting = this.open();
    const forget = () => {
      if (this.client !== connecting) return false;
      this.client = null;
      this.reconnectForFolder();
      return true;
    };
    connecting.then((client) => client.once('end', () => forget() && client.release(true)), forget);
    return connecting;
  }

  private async open(): Promise<PoolClient> {
    const client = await this.pool.connect();
    try {
      if (this.folder !== null) await claimFolder(client, this.folder, this.backendPid);
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      this.backendPid = rows[0]?.pid ?? null;
      return client;
    } catch (error) {
      client.release(true);
      if (hasCode(error, 'FOLDER_WATCHED') || hasCode(error, 'FOLDER_NESTED')) this.onFolderLost(error);
      throw error;
    }
  }

  /** The folder is not to be free for longer than it must, also when there is nothing to claim in it. */
  private reconnectForFolder(): void {
    if (this.folder === null || this.closed) return;
    setTimeout(() => {
      if (!this.closed) this.inTurn(() => this.connection()).catch(() => {});
    }, RECONNECT_MS).unref();
  }
}

const RECONNECT_MS = 1_000;

export interface ClaimScope {
  readonly root?: Buffer;
  readonly fileIds?: readonly number[];
  /** Files this process already works on. */
  readonly held: readonly number[];
  /** Files this process has given up until it starts again: nobody waits for them. */
  readonly stuck?: readonly number[];
  /** Only files up to this size. */
  readonly maxBytes?: number;
  /** Those of `held` that will be worked on together with what is claimed now, before it. */
  readonly behind?: readonly number[];
  /** How many files of one feed, `behind` included. */
  readonly mostOfFeed?: number;
}

/** Parameters 2 and 3, which files are meant. */
const IN_SCOPE = `f.finished_at is null and f.status <> 'detected'
       and ($2::bytea is null or substring(f.path_bytes for length($2::bytea)) = $2::bytea)
       and ($3::bigint[] is null or f.file_id = any($3::bigint[]))`;

/** Longer than any pause: whatever is to be tried again later than that was put off before the server's clock was set back. */
const CLOCK_WAS_SET = "interval '5 minutes'";

const CLAIM = `
  with unfinished as (
    select f.file_id, f.mtime_ns, f.moment collate "C" as moment, f.file_id = any($4::bigint[]) as is_held,
           coalesce(${FEED_OF_FILE}, f.file_id::text) collate "C" as feed,
           (f.next_attempt_at is null or f.next_attempt_at <= now() or f.next_attempt_at > now() + ${CLOCK_WAS_SET})
             and ($5::bigint is null or f.size_bytes <= $5)
             and (f.file_id <> all($4::bigint[]) or f.file_id = any($6::bigint[])) as is_ready
      from sluice.source_file f
     where ${IN_SCOPE} and f.file_id <> all($7::bigint[])
  ), lined as (
    select *, row_number() over line as place, bool_and(is_ready) over line as is_next,
           count(*) filter (where is_held) over (partition by feed) as taken,
           min(mtime_ns) over (partition by feed) as since
      from unfinished
    window line as (partition by feed order by moment, mtime_ns, file_id)
  ), waiting as materialized (
    select file_id, feed, place, taken, since from lined
     where is_next and not is_held and place <= $8
     order by since, feed, place
     limit $1 + 50
  ), leased as materialized (
    select * from waiting where pg_try_advisory_lock(${LEASE_SPACE}::bigint + file_id) limit $1
  )
  select ${SOURCE_FILE_COLUMNS},
         l.place = l.taken + row_number() over (partition by l.feed order by l.place) as is_next
    from leased l join sluice.source_file f using (file_id)
   order by l.since, l.feed, l.place`;
