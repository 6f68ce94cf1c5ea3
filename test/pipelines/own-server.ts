import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { choosePort } from '../../src/db/embedded/free-port.ts';
import { SERVER_ENV } from '../../src/db/embedded/init-cluster.ts';
import { type ServerUser, serverUser } from '../../src/db/embedded/server-user.ts';

const READY_MS = 30_000;
const POLL_MS = 20;

/** Durable storage is not what these tests are about, and a busy disk would make them slow. */
const SETTINGS = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_wal_size=2GB'];

/** A server that belongs to one test file, which may stop, kill and restart it. */
export class OwnServer {
  private process: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly programs: string,
    private readonly user: ServerUser,
    private readonly port: number,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** `programs`: the folder of `initdb` and `postgres`. Nothing is left of it after `remove`. */
  static async start(programs: string, env: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-test-server-'));
    // The server runs as another user when the tests run as root.
    await chmod(folder, 0o755);
    const user = await serverUser(folder);
    if (user.ids !== null) await chown(folder, user.ids.uid, user.ids.gid);
    const server = new OwnServer(folder, programs, user, await choosePort(''), env);
    try {
      const args = [
        '-D',
        server.cluster,
        '-U',
        'sluice',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ];
      await promisify(execFile)(join(programs, 'initdb'), args, {
        ...user.ids,
        cwd: folder,
        env: SERVER_ENV,
      });
      await server.resume();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get url(): string {
    return `postgres://sluice@127.0.0.1:${this.port}/postgres`;
  }

  /** Ends the server as a power cut would: sessions are lost, and it recovers when it is started again. SIGKILL ends its first process alone. */
  async kill(signal: 'SIGQUIT' | 'SIGKILL' = 'SIGQUIT'): Promise<void> {
    await this.end(signal);
  }

  /** Starts it, and waits until it takes connections. */
  async resume(): Promise<void> {
    const deadline = Date.now() + READY_MS;
    this.process = this.spawn();
    while (!(await this.answers())) {
      if (Date.now() > deadline) throw new Error('the server did not start');
      await sleep(POLL_MS);
      // Processes of one that was killed may still be there for a moment.
      if (this.process.exitCode !== null) this.process = this.spawn();
    }
  }

  private spawn(): ChildProcess {
    const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
    const args = ['-D', this.cluster, '-p', String(this.port), ...settings];
    return spawn(join(this.programs, 'postgres'), args, {
      ...this.user.ids,
      cwd: this.folder,
      env: { ...SERVER_ENV, ...this.env },
      stdio: 'ignore',
    });
  }

  async remove(): Promise<void> {
    await this.end('SIGINT');
    await rm(this.folder, { recursive: true, force: true });
  }

  private get cluster(): string {
    return join(this.folder, 'cluster');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { process: running } = this;
    this.process = null;
    if (running === null || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      return false;
    }
  }
}
