import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';

const START_MS = 60_000;

/** Null where no MariaDB is installed. */
export const MARIADBD = programNamed('mariadbd');

function programNamed(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** A server with a folder and a socket of its own, and no port. */
export class MariaDb {
  private constructor(
    private readonly folder: string,
    private readonly server: ChildProcess,
    /** Of its administrator. */
    readonly connection: mysql.Connection,
  ) {}

  static async start(): Promise<MariaDb> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-mariadb-'));
    const socket = join(folder, 'socket');
    const options = ['--no-defaults', `--datadir=${join(folder, 'data')}`];
    if (process.getuid?.() === 0) options.push('--user=root');
    const quiet = ['--auth-root-authentication-method=normal', '--skip-test-db'];
    await promisify(execFile)(programNamed('mariadb-install-db') ?? 'mariadb-install-db', [
      ...options,
      ...quiet,
    ]);
    const small = [
      '--skip-networking',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=16M',
    ];
    const files = [`--socket=${socket}`, `--pid-file=${join(folder, 'pid')}`];
    const server = spawn(MARIADBD ?? 'mariadbd', [...options, ...small, ...files], { stdio: 'ignore' });
    return new MariaDb(folder, server, await connected(socket));
  }

  /** The URL of a database that is made, with a user of its own who may read it. */
  async createDatabase(name: string, statements: readonly string[]): Promise<string> {
    await this.connection.query(`create database ${name} character set utf8mb4`);
    await this.connection.query(`create user ${name}@localhost identified by 'pa:ss@word'`);
    await this.connection.query(`grant select, show view on ${name}.* to ${name}@localhost`);
    await this.connection.query(`use ${name}`);
    for (const statement of statements) await this.connection.query(statement);
    const socket = encodeURIComponent(join(this.folder, 'socket'));
    return `mariadb://${name}:pa%3Ass%40word@localhost/${name}?socket=${socket}`;
  }

  async stop(): Promise<void> {
    await this.connection.end();
    this.server.kill();
    if (this.server.exitCode === null) await once(this.server, 'exit');
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function connected(socketPath: string): Promise<mysql.Connection> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      return await mysql.createConnection({ socketPath, user: 'root', charset: 'utf8mb4' });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
