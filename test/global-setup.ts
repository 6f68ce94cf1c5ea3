import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../src/db/database.ts';
import { acquireEmbeddedServer } from '../src/db/embedded/acquire-embedded-server.ts';
import { embeddedPaths } from '../src/db/embedded/paths.ts';
import { liveUsers } from '../src/db/embedded/users.ts';
import { quoteIdentifier } from '../src/db/identifiers.ts';
import { initSchema } from '../src/schema-init/init-schema.ts';

const SERVER_PREFIX = 'sluice-test-server-';
const HOUR_MS = 3_600_000;

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of the server that tests may create databases on; holds the password. */
    serverUrl: string;
    /** Database with the bookkeeping, staging and warehouse schemas, to be cloned. */
    templateDatabase: string;
  }
}

/**
 * One server for the whole test run: an embedded one in a temporary folder, or the one that TEST_DATABASE_URL names
 * (its role must be allowed to create databases). Checkouts that test at the same time do not share it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepServers();
  const server = await openServer(process.env.TEST_DATABASE_URL);
  const template = `sluice_template_${randomUUID().slice(0, 8)}`;
  const cleanUp = async () => {
    await query(server.url, `drop database if exists ${quoteIdentifier(template)} with (force)`).finally(
      server.close,
    );
  };
  try {
    await query(server.url, `create database ${quoteIdentifier(template)} template template0`);
    await fillTemplate(urlOfDatabase(server.url, template));
  } catch (error) {
    await cleanUp();
    throw error;
  }
  project.provide('serverUrl', server.url);
  project.provide('templateDatabase', template);
  return cleanUp;
}

async function openServer(url: string | undefined): Promise<{ url: string; close: () => Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), SERVER_PREFIX));
  // The server runs as another user when the tests run as root.
  await chmod(dataDir, 0o755);
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  try {
    const settings = { databaseUrl: url ?? null, dataDir, echoSql: false };
    const database = await openDatabase(settings, () => undefined, {
      applicationName: 'sluice tests',
      max: 1,
    });
    return { url: database.url, close: () => database.close().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Stops and removes the servers of test runs that were killed. A young one may belong to a run that is starting. */
async function sweepServers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const dataDir = join(tmpdir(), name);
    if (!name.startsWith(SERVER_PREFIX) || Date.now() - (await stat(dataDir)).mtimeMs < HOUR_MS) continue;
    if ((await liveUsers(embeddedPaths(join(dataDir, 'postgres')).users)).length > 0) continue;
    await (await acquireEmbeddedServer(dataDir, () => undefined)).release();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function fillTemplate(url: string): Promise<void> {
  const settings = { databaseUrl: url, dataDir: '', echoSql: false };
  const database = await openDatabase(settings, () => undefined, { applicationName: 'sluice tests', max: 2 });
  const schema = { stagingSchema: 'staging', dwSchema: 'datawarehouse', dev: false, initDb: true };
  try {
    await initSchema(database, schema, () => undefined);
  } finally {
    await database.close();
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function urlOfDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
