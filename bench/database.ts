import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { quoteIdentifier } from '../src/db/identifiers.ts';
import { cpuOfChildren, parentOf } from './measure/proc.ts';

const NAME = 'sluice_bench';
const GOODBYE_MS = 10_000;

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** The database that every run loads into: our own, so that what was on the server stays as it was. */
export class BenchDatabase {
  private constructor(
    readonly url: string,
    private readonly client: pg.Client,
    private readonly serverUrl: string,
    private readonly postmaster: number | null,
  ) {}

  /** Makes it; one that an interrupted run left is dropped first. */
  static async create(serverUrl: string): Promise<BenchDatabase> {
    await onServer(serverUrl, `drop database if exists ${NAME} with (force)`, `create database ${NAME}`);
    const url = new URL(serverUrl);
    url.pathname = `/${NAME}`;
    const client = new pg.Client({ connectionString: url.href, application_name: 'sluice bench' });
    await client.connect();
    return new BenchDatabase(url.href, client, serverUrl, await findPostmaster(client));
  }

  async drop(): Promise<void> {
    await this.client.end();
    await onServer(this.serverUrl, `drop database if exists ${NAME} with (force)`);
  }

  /** Empties the database and has everything written to disk, so that no run pays for the one before it. */
  async reset(): Promise<void> {
    const schemas = await this.rows<{ name: string }>(
      `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
    );
    for (const { name } of schemas) await this.client.query(`drop schema ${quoteIdentifier(name)} cascade`);
    await this.client.query('create schema public');
    await this.checkpoint();
  }

  async checkpoint(): Promise<void> {
    await this.client.query('checkpoint');
  }

  /** Makes `public.target`, what the peers load into. */
  async createTarget(columns: readonly Column[]): Promise<void> {
    const list = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`).join(', ');
    await this.client.query(`create table public.target (${list})`);
  }

  /** `table` as SQL. */
  async count(table: string): Promise<number> {
    const [row] = await this.rows<{ count: string }>(`select count(*) from ${table}`);
    return Number(row?.count ?? 0);
  }

  async rows<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.client.query<T>(sql, values)).rows;
  }

  /** Waits until nobody but us is connected: what a client left running would disturb the next run. */
  async settled(): Promise<void> {
    const deadline = Date.now() + GOODBYE_MS;
    for (;;) {
      const others = await this.rows(
        `select pid from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      if (others.length === 0) return;
      if (Date.now() > deadline) throw new Error('a client stayed connected after its process had ended');
      await sleep(20);
    }
  }

  /** CPU seconds of all server processes so far; null when the server runs elsewhere. */
  serverCpu(): number | null {
    return this.postmaster === null ? null : cpuOfChildren(this.postmaster);
  }

  async serverFacts(): Promise<Record<string, string>> {
    const settings = await this.rows<{ name: string; setting: string }>(
      `select name, current_setting(name) as setting from pg_settings where name = any($1) order by name`,
      [SHOWN_SETTINGS],
    );
    return Object.fromEntries(settings.map(({ name, setting }) => [name, setting]));
  }
}

const SHOWN_SETTINGS = [
  'server_version',
  'server_encoding',
  'data_checksums',
  'fsync',
  'full_page_writes',
  'max_wal_size',
  'shared_buffers',
  'synchronous_commit',
  'wal_level',
];

async function onServer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The parent of our own backend, when that is a process of this machine. */
async function findPostmaster(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0] === undefined ? null : parentOf(rows[0].pid, 'postgres');
}
