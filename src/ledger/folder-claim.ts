import { readFile, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { PoolClient } from 'pg';
import { SluiceError } from '../errors.ts';

/** A folder that one service watches at a time. */
export interface WatchedFolder {
  /** For people. */
  readonly path: string;
  /** Two folders with one of these in common are the same folder, or are the same to the ledger. */
  readonly keys: readonly string[];
  /** Keys of the folders that it lies in. */
  readonly above: readonly string[];
}

/** A key to be taken: a folder's own by one service alone, that of a folder above by all that lie in it. */
interface Taking {
  readonly key: string;
  readonly shared: boolean;
}

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly since: Date;
  /** Address the holder is connected from; null for a local socket. */
  readonly address: string | null;
  /** Where what it watches lies. */
  readonly place: 'same' | 'above' | 'below';
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
  const above: string[] = [];
  for (let at = dirname(real); !above.includes(at); at = dirname(at)) above.push(at);
  const keysAbove = await Promise.all(above.map(keysOf));
  return { path, keys: await keysOf(real), above: keysAbove.flat() };
}

async function keysOf(real: string): Promise<string[]> {
  const { dev, ino } = await stat(real, { bigint: true });
  return [`path ${real}`, `inode ${await machine()} ${dev} ${ino}`];
}

/** The running kernel, which containers share; device numbers mean nothing beyond it. */
async function machine(): Promise<string> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname());
  return bootId.trim();
}

/**
 * Takes a folder, with all that lies below it, for the session of `client`: advisory locks, which the server itself gives back when the session ends.
 * A session of ours that died without the server's knowledge, `formerPid`, is ended by that.
 *
 * @throws FOLDER_WATCHED when another session keeps it, FOLDER_NESTED when one keeps a folder above or below it
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
    const holder = await tryClaim(client, folder);
    if (holder === null) return;
    if (holder.pid === formerPid) await client.query('select pg_terminate_backend($1)', [formerPid]);
    if (performance.now() > deadline) throw watched(folder, holder);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Null when all of it is ours now, else who has some of it; then none of it is ours. */
async function tryClaim(client: PoolClient, { keys, above }: WatchedFolder): Promise<Holder | null> {
  const own = keys.map((key) => ({ key, shared: false }));
  const taken: Taking[] = [];
  for (const taking of [...own, ...above.map((key) => ({ key, shared: true }))]) {
    if (await lock(client, 'pg_try_advisory_lock', taking)) taken.push(taking);
    else {
      for (const mine of taken) await lock(client, 'pg_advisory_unlock', mine);
      return findHolder(client, taking);
    }
  }
  return null;
}

async function lock(client: PoolClient, operation: string, { key, shared }: Taking): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(
    `select ${operation}${shared ? '_shared' : ''}(${KEY}) as done`,
    [key],
  );
  return rows[0]?.done === true;
}

async function findHolder(client: PoolClient, { key, shared }: Taking): Promise<Holder> {
  const { rows } = await client.query<Omit<Holder, 'place'> & { mode: string }>(
    `select a.pid, a.backend_start as since, host(a.client_addr) as address, l.mode
       from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = ${KEY}`,
    [key],
  );
  // It let go in between, or is not for us to see.
  const { mode, ...holder } = rows[0] ?? { pid: 0, since: new Date(), address: null, mode: '' };
  return { ...holder, place: shared ? 'above' : mode === 'ShareLock' ? 'below' : 'same' };
}

function watched({ path }: WatchedFolder, { pid, since, address, place }: Holder): SluiceError {
  const from = address === null ? 'this machine' : address;
  const facts = { path, from, since: since?.toISOString(), pid };
  return place === 'same'
    ? new SluiceError('FOLDER_WATCHED', facts)
    : new SluiceError('FOLDER_NESTED', { ...facts, place });
}

const KEY = "hashtextextended('sluice:folder:' || $1, 0)";
