import { access, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SluiceError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import { toSluiceError } from '../database-error.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { ensureCluster } from './init-cluster.ts';
import { keepRunning } from './keep-running.ts';
import { withLock } from './lock.ts';
import { embeddedUrl, readPassword } from './password.ts';
import { type EmbeddedPaths, embeddedPaths } from './paths.ts';
import { runningPostmaster } from './postmaster.ts';
import { isReady } from './probe.ts';
import { checkReachable } from './reachable.ts';
import { type ServerUser, serverUser } from './server-user.ts';
import { READY_LIMIT_MS, startServer } from './start-server.ts';
import { stopServer } from './stop-server.ts';
import { liveUsers, registerUser } from './users.ts';

/** Milliseconds that a release waits for the server's end; within what a service has to exit after SIGTERM. */
const STOP_LIMIT_MS = 8_000;
const POLL_MS = 100;

export interface EmbeddedServer {
  /** Names the service's own database; holds the password. */
  readonly url: string;
  /** Lets go of the server. The last live process to do so stops it. Later calls do nothing. */
  release(): Promise<void>;
}

type Log = (message: string) => void;

/**
 * The embedded Postgres in `<dataDir>/postgres`, made at first use, started unless it runs, shared by every process
 * that asks for it. A server that outlived a killed service is attached to; nothing a crash left behind has to be
 * removed by hand.
 *
 * Throws EMBEDDED_NO_BINARY, EMBEDDED_UNREACHABLE, EMBEDDED_START_FAILED, EMBEDDED_BUSY and FOLDER_UNUSABLE.
 */
export async function acquireEmbeddedServer(dataDir: string, log: Log): Promise<EmbeddedServer> {
  const binaries = await findBinaries();
  const paths = embeddedPaths(await makeHome(dataDir));
  const user = await serverUser(paths.cluster);
  await checkReachable(user, [binaries.postgres, binaries.initdb, ...runtimeFolders(binaries), paths.home]);
  const start = () => ensureRunning(binaries, paths, user, log);
  return withLock(paths.locks, async () => {
    await liveUsers(paths.users);
    const note = await registerUser(paths.users);
    try {
      await ensureCluster(binaries, paths, user, log);
      return hold(paths, note, await start(), start, log);
    } catch (error) {
      await rm(note, { force: true });
      throw toSluiceError(error);
    }
  });
}

/** While it is held, a server that dies is started again, on the same port unless that was taken meanwhile. */
function hold(
  paths: EmbeddedPaths,
  note: string,
  url: string,
  start: () => Promise<string>,
  log: Log,
): EmbeddedServer {
  let released = false;
  const isRunning = async () => (await runningPostmaster(paths.cluster)) !== null;
  const revive = async () => {
    await refuseGone(paths);
    await withLock(paths.locks, async () => {
      if (released || (await isRunning())) return;
      log('the embedded Postgres has died; starting it again');
      if ((await start()) !== url) log('the embedded Postgres had to take another port: restart Sluice');
    });
  };
  const stopKeeping = keepRunning(isRunning, revive, log);
  return {
    url,
    release: once(() => {
      released = true;
      stopKeeping();
      return release(paths, note, log);
    }),
  };
}

/** A data folder that was deleted under a running service is not replaced by an empty one behind its back. */
async function refuseGone({ cluster, log: logFile }: EmbeddedPaths): Promise<void> {
  await access(cluster).catch((error: unknown) => {
    throw new SluiceError('EMBEDDED_START_FAILED', { reason: messageOf(error), logFile }, error);
  });
}

async function makeHome(dataDir: string): Promise<string> {
  const home = join(resolve(dataDir), 'postgres');
  try {
    await makeFolder(home);
    return await realpath(home);
  } catch (error) {
    const facts = { purpose: 'data', path: home, reason: messageOf(error) };
    throw new SluiceError('FOLDER_UNUSABLE', facts, error);
  }
}

function runtimeFolders({ native }: Binaries): string[] {
  return [join(native, 'lib'), join(native, 'share/postgresql')];
}

async function ensureRunning(
  binaries: Binaries,
  paths: EmbeddedPaths,
  user: ServerUser,
  log: Log,
): Promise<string> {
  const password = await readPassword(paths.password, user);
  if (password === null) {
    const facts = { reason: `its password file ${paths.password} is missing`, logFile: paths.log };
    throw new SluiceError('EMBEDDED_START_FAILED', facts);
  }
  const attached = await attach(paths, password, log);
  const port = attached ?? (await startServer(binaries, paths, user, password));
  if (attached === null) log(`the embedded Postgres runs on port ${port}`);
  return embeddedUrl(port, password);
}

/** The port of a server that already runs, once it takes connections. Null when there is none, or it was ending. */
async function attach(paths: EmbeddedPaths, password: string, log: Log): Promise<number | null> {
  const deadline = Date.now() + READY_LIMIT_MS;
  for (let polls = 0; ; polls++) {
    const postmaster = await runningPostmaster(paths.cluster);
    if (postmaster === null) return null;
    if (postmaster.port !== null && (await isReady(postmaster.port, password))) return postmaster.port;
    if (Date.now() > deadline) {
      const reason = `a server with pid ${postmaster.pid} runs, but takes no connections`;
      throw new SluiceError('EMBEDDED_START_FAILED', { reason, logFile: paths.log });
    }
    if (polls === 50) log('waiting for the embedded Postgres to finish recovering or ending');
    await sleep(POLL_MS);
  }
}

function release(paths: EmbeddedPaths, note: string, log: Log): Promise<void> {
  return withLock(paths.locks, async () => {
    await rm(note, { force: true });
    if ((await liveUsers(paths.users)).length > 0) return;
    if (!(await stopServer(paths.cluster, STOP_LIMIT_MS))) {
      log('the embedded Postgres is still writing its data to disk; it ends by itself');
    }
  });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}
