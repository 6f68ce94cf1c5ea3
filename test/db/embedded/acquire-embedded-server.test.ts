import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acquireEmbeddedServer } from '../../../src/db/embedded/acquire-embedded-server.ts';
import { isPostgresOf } from '../../../src/db/embedded/processes.ts';
import { type Holder, holderCommand, holdServer, postmasterPid } from './holder.ts';

const silent = () => undefined;
const asRoot = process.getuid?.() === 0;

let dataDir: string;
let holders: Holder[];

beforeEach(() => {
  holders = [];
});

afterEach(stopHeld);

async function stopHeld(): Promise<void> {
  for (const holder of holders) await holder.kill();
  if (existsSync(pidFile())) await (await acquireEmbeddedServer(dataDir, silent)).release();
}

async function makeDataDir(): Promise<void> {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-embedded-'));
  // The server runs as another user when the tests run as root.
  await chmod(dataDir, 0o755);
}

const removeDataDir = () => rm(dataDir, { recursive: true, force: true });

const cluster = () => join(dataDir, 'postgres/cluster');
const pidFile = () => join(cluster(), 'postmaster.pid');

async function hold(): Promise<Holder> {
  const holder = await holdServer(dataDir);
  holders.push(holder);
  return holder;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the first use', () => {
  beforeEach(makeDataDir);
  // Hooks of the inner block run first, so the server is stopped here while its folder is there.
  afterEach(() => stopHeld().then(removeDataDir));

  it('makes a durable UTF-8 cluster that only its password opens, on the loopback address', async () => {
    const server = await acquireEmbeddedServer(dataDir, silent);
    const settings = await query(
      server.url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
        current_setting('full_page_writes') as pages, current_setting('server_encoding') as encoding,
        current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
        current_setting('wal_level') as wal, upper('äß') as upper, current_database() as database`,
    );
    expect(settings).toEqual([
      {
        fsync: 'on',
        commit: 'on',
        pages: 'on',
        encoding: 'UTF8',
        addresses: '127.0.0.1',
        sockets: '',
        wal: 'minimal',
        upper: 'Äß',
        database: 'sluice',
      },
    ]);
    expect((await stat(join(dataDir, 'postgres/password'))).mode & 0o777).toBe(0o600);
    expect((await stat(cluster())).mode & 0o777).toBe(0o700);
    if (asRoot)
      expect(await readFile(`/proc/${postmasterPid(dataDir)}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\b/m);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await server.release();
    expect(existsSync(pidFile())).toBe(false);
    expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual([
      'cluster',
      'locks',
      'password',
      'port',
      'server.log',
      'users',
    ]);
  });

  it.runIf(asRoot)('as an ordinary user runs the server as that user', async () => {
    await chmod(dataDir, 0o777);
    const holder = await holdServer(dataDir, { uid: 65_534, gid: 65_534 });
    holders.push(holder);
    const status = await readFile(`/proc/${postmasterPid(dataDir)}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\b/m);
    await holder.release();
    // Later as root: the cluster keeps its owner.
    const server = await acquireEmbeddedServer(dataDir, silent);
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.release();
  });

  it('recovers from an interrupted initdb', async () => {
    const home = join(dataDir, 'postgres');
    await mkdir(join(home, 'init-abc/base'), { recursive: true });
    await writeFile(join(home, 'init-abc/PG_VERSION'), '18\n');
    await writeFile(join(home, 'init-abc.password'), 'half');
    const holder = holdServer(dataDir);
    const server = await acquireEmbeddedServer(dataDir, silent);
    holders.push(await holder);
    await server.release();
    expect((await readdir(home)).filter((name) => name.startsWith('init-'))).toEqual([]);
  });

  it('recovers when the service was killed while initdb ran', async () => {
    const child = spawn(process.execPath, holderCommand(dataDir), { stdio: 'ignore' });
    await until(async () => (await homeFiles()).some((name) => name.startsWith('init-')));
    child.kill('SIGKILL');
    const server = await acquireEmbeddedServer(dataDir, silent);
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.release();
  });
});

describe('a running server', () => {
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  it('outlives a service that was killed; the next one attaches and finds its data', async () => {
    const first = await hold();
    await query(first.url, 'drop table if exists kept; create table kept as select 42 as value');
    const pid = postmasterPid(dataDir);
    await first.kill();
    expect(isPostgresOf(pid, cluster())).toBe(true);

    const second = await acquireEmbeddedServer(dataDir, silent);
    expect(postmasterPid(dataDir)).toBe(pid);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 42 }]);
    await second.release();
    // Its process is nobody's child any more, and is seen for a moment after it has ended.
    await expect.poll(() => isPostgresOf(pid, cluster()), { timeout: 10_000 }).toBe(false);
  });

  it('is stopped by the last user only', async () => {
    const service = await hold();
    const command = await acquireEmbeddedServer(dataDir, silent);
    const again = await acquireEmbeddedServer(dataDir, silent);
    expect(command.url).toBe(service.url);
    await command.release();
    await command.release();
    await again.release();
    expect(await query(service.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await service.release();
    expect(existsSync(pidFile())).toBe(false);
  });

  it('is one and the same for processes that start together', async () => {
    const [one, two, three] = await Promise.all([hold(), hold(), acquireEmbeddedServer(dataDir, silent)]);
    expect(new Set([one.url, two.url, three.url]).size).toBe(1);
    await Promise.all([one.release(), two.release(), three.release()]);
    expect(existsSync(pidFile())).toBe(false);
  });

  it('is not in the service its process group, so that Ctrl-C does not reach it', async () => {
    const server = await acquireEmbeddedServer(dataDir, silent);
    const line = await readFile(`/proc/${postmasterPid(dataDir)}/stat`, 'utf8');
    const [, , group, session] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    expect([group, session]).toEqual([String(postmasterPid(dataDir)), String(postmasterPid(dataDir))]);
    await server.release();
  });

  it('keeps its port over a restart', async () => {
    const first = await acquireEmbeddedServer(dataDir, silent);
    await first.release();
    const second = await acquireEmbeddedServer(dataDir, silent);
    await second.release();
    expect(second.url).toBe(first.url);
  });
});

describe('a server that dies while it is held', () => {
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  it('is started again at the same URL, with its committed data', async () => {
    const log: string[] = [];
    const server = await acquireEmbeddedServer(dataDir, (message) => log.push(message));
    await query(server.url, 'create table kept as select 42 as value');
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    const read = () => query(server.url, 'select value from kept').catch(() => []);
    await expect.poll(read, { timeout: 20_000, interval: 100 }).toEqual([]);
    await expect.poll(read, { timeout: 20_000, interval: 100 }).toEqual([{ value: 42 }]);
    expect(log).toContain('the embedded Postgres has died; starting it again');
    await server.release();
    expect(existsSync(pidFile())).toBe(false);
  });
});

describe('a data folder that is deleted while its server is held', () => {
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  it('is reported and not made anew', async () => {
    const log: string[] = [];
    const server = await acquireEmbeddedServer(dataDir, (message) => log.push(message));
    const pid = postmasterPid(dataDir);
    await rename(join(dataDir, 'postgres'), join(dataDir, 'deleted'));
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => log.at(-1), { timeout: 10_000 }).toContain('no such file');
    expect(existsSync(cluster())).toBe(false);
    await server.release();
  });
});

describe('a stale postmaster.pid', () => {
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  it('of a server that was killed is recovered from, with its committed data', async () => {
    const first = await acquireEmbeddedServer(dataDir, silent);
    await query(first.url, 'create table kept as select 42 as value');
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    const second = await acquireEmbeddedServer(dataDir, silent);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 42 }]);
    await first.release();
    await second.release();
  });

  it('whose pid now belongs to another program of the same user is recovered from', async () => {
    const first = await acquireEmbeddedServer(dataDir, silent);
    const lines = (await readFile(pidFile(), 'utf8')).split('\n');
    await first.release();
    const { uid, gid } = await stat(cluster());
    const other = spawn('sleep', ['30'], asRoot ? { uid, gid } : {});
    try {
      await writeFile(pidFile(), [other.pid, ...lines.slice(1)].join('\n'));
      const second = await acquireEmbeddedServer(dataDir, silent);
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await second.release();
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill();
    }
  });
});

describe('a server that does not start', () => {
  beforeAll(makeDataDir);
  afterAll(removeDataDir);

  it('is reported with the end of its log', async () => {
    await (await acquireEmbeddedServer(dataDir, silent)).release();
    const override = join(cluster(), 'postgresql.auto.conf');
    await writeFile(override, 'shared_buffers = nonsense\n');
    await expect(acquireEmbeddedServer(dataDir, silent)).rejects.toMatchObject({
      code: 'EMBEDDED_START_FAILED',
      message: expect.stringContaining('shared_buffers'),
    });
    await writeFile(override, '');
    expect(await readdir(join(dataDir, 'postgres/users'))).toEqual([]);
  });

  it('for a data folder that is a file is reported as such', async () => {
    await writeFile(join(dataDir, 'file'), '');
    await expect(acquireEmbeddedServer(join(dataDir, 'file'), silent)).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
    });
  });

  it.runIf(asRoot)('because its user cannot enter a folder names the outermost one', async () => {
    const closed = join(dataDir, 'closed');
    await mkdir(join(closed, 'inner'), { recursive: true });
    await chmod(closed, 0o700);
    await chmod(join(closed, 'inner'), 0o700);
    await expect(acquireEmbeddedServer(join(closed, 'inner/data'), silent)).rejects.toMatchObject({
      code: 'EMBEDDED_UNREACHABLE',
      facts: { path: closed, user: 'postgres' },
    });
  });
});

async function homeFiles(): Promise<string[]> {
  return readdir(join(dataDir, 'postgres')).catch(() => []);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time');
    await sleep(5);
  }
}
