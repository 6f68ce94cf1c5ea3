import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { openPool } from '../../../src/db/pool.ts';
import { OwnServer } from '../own-server.ts';
import { describeChecks } from './checks-suite.ts';
import { describeEncoding } from './encoding-suite.ts';
import { describeReading } from './reading-suite.ts';
import { describeRescue } from './rescue-suite.ts';
import { describeValues } from './values-suite.ts';

/** Where Debian, Homebrew and the project's own packages put the programs of the oldest Postgres that is supported. */
const FOLDERS = [
  '/usr/lib/postgresql/15/bin',
  '/usr/pgsql-15/bin',
  '/opt/homebrew/opt/postgresql@15/bin',
  '/usr/local/opt/postgresql@15/bin',
];
const programs = FOLDERS.find((folder) => existsSync(join(folder, 'initdb')));
const reason = programs === undefined ? ` (skipped: its programs are in none of ${FOLDERS.join(', ')})` : '';

describe.skipIf(programs === undefined)(`copying on Postgres 15${reason}`, () => {
  let server: OwnServer;
  let pool: Pool;
  const connect = () => pool;

  beforeAll(async () => {
    server = await OwnServer.start(programs ?? '');
    pool = openPool(server.url, { max: 4, applicationName: 'sluice test' });
  });

  afterAll(async () => {
    await pool?.end();
    await server?.remove();
  });

  describeReading(connect, 200);
  describeValues(connect, 20);
  describeRescue(connect, 15);
  describeChecks(connect, 500);
  describeEncoding(connect, 20);
});
