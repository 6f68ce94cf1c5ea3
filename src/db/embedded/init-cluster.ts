import { execFile } from 'node:child_process';
import { access, chown, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { createPassword, EMBEDDED_ROLE, readPassword, withPasswordFile } from './password.ts';
import { type EmbeddedPaths, INIT_PREFIX } from './paths.ts';
import type { ServerUser } from './server-user.ts';

/**
 * Written to postgresql.conf once, where an operator may change them. fsync, synchronous_commit and full_page_writes
 * stay as Postgres has them: on. `wal_level=minimal` lets COPY into a table made in the same transaction skip the WAL;
 * the table itself is then synced at commit. The log is left to what concerns the server: a record that does not
 * fit is Sluice's to report, and would fill it.
 */
const SERVER_SETTINGS = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '100',
  max_locks_per_transaction: '256',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  log_min_messages: 'log',
  log_line_prefix: '%m [%p] ',
};

const CLUSTER_OPTIONS = [
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth=scram-sha-256',
  '--data-checksums',
  '--no-instructions',
  `--username=${EMBEDDED_ROLE}`,
  ...Object.entries(SERVER_SETTINGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
];

/** The environment of every Postgres program: nothing of ours (PGOPTIONS, PGDATA, ...) reaches it. */
export const SERVER_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Makes the cluster unless there is one. It is made under another name and renamed when it is complete, so that an
 * interrupted first start leaves only a folder that the next one removes. The lock must be held.
 */
export async function ensureCluster(
  binaries: Binaries,
  paths: EmbeddedPaths,
  user: ServerUser,
  log: (message: string) => void,
): Promise<void> {
  await removeLeftovers(paths.home);
  if (await exists(join(paths.cluster, 'PG_VERSION'))) return;
  log(`creating the embedded Postgres in ${paths.home}`);
  const password = (await readPassword(paths.password, user)) ?? (await createPassword(paths.password));
  const temp = await mkdtemp(join(paths.home, INIT_PREFIX));
  if (user.ids !== null) await chown(temp, user.ids.uid, user.ids.gid);
  const passwordFile = `${temp}.password`;
  await withPasswordFile(passwordFile, password, user, () =>
    initdb(binaries, temp, passwordFile, user, paths),
  );
  await rename(temp, paths.cluster);
  await syncFolder(paths.home);
}

async function initdb(
  binaries: Binaries,
  folder: string,
  passwordFile: string,
  user: ServerUser,
  paths: EmbeddedPaths,
): Promise<void> {
  const args = [`--pgdata=${folder}`, `--pwfile=${passwordFile}`, ...CLUSTER_OPTIONS];
  try {
    await promisify(execFile)(binaries.initdb, args, { ...user.ids, cwd: paths.home, env: SERVER_ENV });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = `initdb: ${stderr || messageOf(error)}`;
    throw new SluiceError('EMBEDDED_START_FAILED', { reason, logFile: paths.log }, error);
  }
}

/** An initdb that outlived its service may still write there; what it adds meanwhile is removed next time. */
async function removeLeftovers(home: string): Promise<void> {
  const leftovers = (await readdir(home)).filter((name) => name.startsWith(INIT_PREFIX));
  for (const name of leftovers) {
    await rm(join(home, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
