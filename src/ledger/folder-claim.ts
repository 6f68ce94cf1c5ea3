import { readFile, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';

/** A folder that one service watches at a time. */
export interface WatchedFolder {
  /** For people. */
  readonly path: string;
  /** Two folders with one of these in common are the same folder, or are the same to the ledger. */
  readonly keys: readonly string[];
}

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly since: Date;
  /** Address the holder is connected from; null for a local socket. */
  readonly address: string | null;
}

/** For a holder that has just ended, and whose server process has not. */
const PATIENCE_MS = 2_000;
const PAUSE_MS = 200;

/**
 * Names a folder by its path without links, which the ledger knows files by, and by its place on the disk: that is the
 * same in every container of a machine, under whatever path the folder is mounted there.
 */
export async function watchedFolder(path: string): Promise<WatchedFolder> {
  const real = await realpath(path);
  const { dev, ino } = await stat(real, { bigint: true });
  return { path, keys: [`path ${real}`, `inode ${await machine()} ${dev} ${ino}`] };
}

/** The running kernel, which containers share; device numbers mean nothing beyond it. */
async function machine(): Promise<string> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname());
  return bootId.trim();
}

/**
 * Takes a folder for the session of `client`: advisory locks, which the server itself gives back when the session ends.
 * A session of ours that died without the server's knowledge, `formerPid`, is ended by that.
 *
 * @throws FOLDER_WATCHED when another session keeps it
 */
export async function claimFolder(
  client: PoolClient,
  folder: WatchedFolder,
  formerPid: number | null,
): Promise<void> {
  // A holder whose machine is gone shall not keep the folder for hours.
  await client.query(
    'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3',
  );
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const holder = await tryClaim(client, folder.keys);
    if (holder === null) return;
    if (holder.pid === formerPid) await client.query('select pg_terminate_backend($1)', [formerPid]);
    if (performance.now() > deadline) throw watched(folder, holder);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Null when all of it is ours now, else who has some of it; then none of it is ours. */
async function tryClaim(client: PoolClient, keys: readonly string[]): Promise<Holder | null> {
  const taken: string[] = [];
  for (const key of keys) {
    const { rows } = await client.query<{ taken: boolean }>(`select pg_try_advisory_lock(${KEY}) as taken`, [
      key,
    ]);
    if (rows[0]?.taken === true) taken.push(key);
    else {
      for (const mine of taken) await client.query(`select pg_advisory_unlock(${KEY})`, [mine]);
      return findHolder(client, key);
    }
  }
  return null;
}

async function findHolder(client: PoolClient, key: string): Promise<Holder> {
  const { rows } = await client.query<Holder>(
    `select a.pid, a.backend_start as since, host(a.client_addr) as address
       from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = ${KEY}`,
    [key],
  );
  // It let go in between, or is not for us to see.
  return rows[0] ?? { pid: 0, since: new Date(), address: null };
}

function watched({ path }: WatchedFolder, { pid, since, address }: Holder): SluiceError {
  const from = address === null ? 'this machine' : address;
  return new SluiceError('FOLDER_WATCHED', { path, from, since: since?.toISOString(), pid });
}

const KEY = "hashtextextended('sluice:folder:' || $1, 0)";
