import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { choosePort } from '../../src/db/embedded/free-port.ts';
import { type ServerUser, serverUser } from '../../src/db/embedded/server-user.ts';
import type { Server } from './server.ts';

const run = promisify(execFile);

/** A temporary cluster of an installed Postgres, as initdb makes it: no setting changed but port and socket folder. */
export async function startLocal(bin: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-postgres-'));
  const cluster = join(folder, 'cluster');
  const user = await serverUser(cluster);
  if (user.ids !== null) await chown(folder, user.ids.uid, user.ids.gid);
  const control = (...args: string[]) =>
    runAs(user, folder, join(bin, 'pg_ctl'), ['-D', cluster, '-w', ...args]);
  try {
    const port = await choosePort(join(folder, 'port'));
    await runAs(user, folder, join(bin, 'initdb'), ['-D', cluster, '-U', 'postgres', '--auth=trust']);
    await control(
      '-l',
      join(folder, 'log'),
      '-o',
      `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`,
      'start',
    );
    return {
      description: 'installed Postgres, stock settings',
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      async stop() {
        await control('-m', 'immediate', 'stop');
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`no server from ${bin}: use --pg-bin, --server embedded or --url`, { cause: error });
  }
}

/** initdb takes encoding and collation from the environment. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };

async function runAs(user: ServerUser, cwd: string, file: string, args: string[]): Promise<void> {
  await run(file, args, { cwd, env: ENVIRONMENT, timeout: 120_000, ...user.ids });
}
