import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, it } from 'vitest';
import { csvText } from '../generated.ts';
import { OwnServer } from '../pipelines/own-server.ts';
import { Service } from '../service.ts';

const POSTGRES_15 = '/usr/lib/postgresql/15/bin';
const NAME = `sluice_least_${process.pid}`;
const MODEL = '-- materialized: table\nselect id, name from {{ staging.small }}\n';

/** The first statements of the section, for a role and a database of other names. */
async function documented(): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const block = /## A role with the least rights[\s\S]*?```sql\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const named = block.replace(/--.*$/gm, '').replace(/\b(?:sluice|warehouse)\b/g, NAME);
  return named
    .split(';')
    .map((statement) => statement.trim().replace('…', 'secret'))
    .filter((one) => one !== '');
}

async function asAdmin(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function worksOn(adminUrl: string): Promise<void> {
  const service = await Service.create();
  const [role, database, ...grants] = await documented();
  await asAdmin(adminUrl, [
    role ?? '',
    database ?? '',
    `revoke all on database ${NAME} from public`,
    ...grants,
  ]);
  const url = new URL(adminUrl);
  url.username = NAME;
  url.password = 'secret';
  url.pathname = `/${NAME}`;
  const run = async (code: number, ...args: string[]) => {
    const ended = await service.run(args, { DATABASE_URL: url.href, LANES: '2', REJECT_LIMIT: 'none' });
    expect(ended.code, ended.stderr).toBe(code);
  };
  try {
    await service.drop('small.csv', csvText(10));
    await service.drop('large.csv', csvText(250_000));
    await service.drop('flawed.csv', `${csvText(20)}21\n`);
    await service.write('warehouse/names.sql', MODEL);
    await run(3, 'once');
    await run(0, 'transform');
    await run(0, 'retract', 'large.csv');
    await run(0, 'replay', 'large.csv');
    await run(0, 'doctor');
  } finally {
    await asAdmin(adminUrl, [`drop database if exists ${NAME} with (force)`, `drop role if exists ${NAME}`]);
  }
}

it('the service works under the documented grants', () => worksOn(inject('serverUrl')));

it.skipIf(!existsSync(POSTGRES_15))('so it does on Postgres 15', async () => {
  const server = await OwnServer.start(POSTGRES_15);
  try {
    await worksOn(server.url);
  } finally {
    await server.remove();
  }
});
