import { spawn } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { choosePort, keepPort } from './free-port.ts';
import { SERVER_ENV } from './init-cluster.ts';
import type { EmbeddedPaths } from './paths.ts';
import { defuseStalePidFile } from './postmaster.ts';
import { isReady } from './probe.ts';
import type { ServerUser } from './server-user.ts';

const POLL_MS = 50;
const ATTEMPTS = 10;
/** Recovery after a crash replays up to max_wal_size; on a slow disk that takes minutes. */
export const READY_LIMIT_MS = 600_000;
const LOG_LIMIT_BYTES = 10_000_000;
const TAIL_LINES = 20;

/** The port was taken in the meantime, or backends of a killed server have not noticed its end yet: both pass. */
const PASSING_TROUBLE = /Address already in use|pre-existing shared memory block/;

/**
 * Starts the server on a free loopback port and returns the port once it takes connections. It gets a session of its
 * own, so that neither Ctrl-C nor the end of this process ends it. The lock must be held and no server be running.
 *
 * Throws EMBEDDED_START_FAILED with the end of the server's log.
 */
export async function startServer(
  binaries: Binaries,
  paths: EmbeddedPaths,
  user: ServerUser,
  password: string,
): Promise<number> {
  await rotateLog(paths.log);
  await defuseStalePidFile(paths.cluster);
  let reason = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await choosePort(paths.port);
    const failure = await launch(binaries, paths, user, { port, password });
    if (failure === null) {
      await keepPort(paths.port, port);
      return port;
    }
    reason = failure;
    if (!PASSING_TROUBLE.test(failure)) break;
    await sleep(500);
  }
  throw new SluiceError('EMBEDDED_START_FAILED', { reason, logFile: paths.log });
}

/** Null once the server is ready, else why it ended. */
async function launch(
  binaries: Binaries,
  paths: EmbeddedPaths,
  user: ServerUser,
  { port, password }: { port: number; password: string },
): Promise<string | null> {
  const logFile = await open(paths.log, 'a', 0o640);
  const { size } = await logFile.stat();
  const server = spawn(binaries.postgres, serverArgs(paths.cluster, port), {
    ...user.ids,
    cwd: paths.home,
    env: SERVER_ENV,
    detached: true,
    stdio: ['ignore', logFile.fd, logFile.fd],
  });
  let ended: string | null = null;
  server.once('error', (error) => {
    ended = messageOf(error);
  });
  server.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`;
  });
  server.unref();
  await logFile.close();
  const deadline = Date.now() + READY_LIMIT_MS;
  while (ended === null && Date.now() < deadline) {
    await sleep(POLL_MS);
    if (ended === null && (await isReady(port, password))) return null;
  }
  return `${ended ?? 'not ready in time'}\n${await tail(paths.log, size)}`;
}

function serverArgs(cluster: string, port: number): string[] {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories='];
  return ['-D', cluster, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

async function tail(path: string, from: number): Promise<string> {
  const text = (await readFile(path)).subarray(from).toString('utf8');
  return text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

async function rotateLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
}
