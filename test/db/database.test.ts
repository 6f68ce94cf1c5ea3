import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { openDatabase, refuseOld } from '../../src/db/database.ts';

const silent = () => undefined;
const NAMED = { applicationName: 'sluice test' };
const external = (databaseUrl: string) => ({ databaseUrl, dataDir: '/nowhere', echoSql: false });

async function failure(databaseUrl: string): Promise<Error> {
  const error: unknown = await openDatabase(external(databaseUrl), silent, NAMED).catch(
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error('the database opened');
}

describe('openDatabase', () => {
  it('opens the server that the URL names', async () => {
    const database = await openDatabase(external(inject('serverUrl')), silent, NAMED);
    try {
      expect(database.serverVersion).toBeGreaterThanOrEqual(150_000);
      const { rows } = await database.pool.query("select current_setting('application_name') as name");
      expect(rows).toEqual([{ name: 'sluice test' }]);
    } finally {
      await database.close();
    }
  });

  it('without a URL opens the embedded server and lets go of it when closed', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-database-'));
    await chmod(dataDir, 0o755);
    try {
      const settings = { databaseUrl: null, dataDir, echoSql: true };
      const log: string[] = [];
      const database = await openDatabase(settings, (message) => log.push(message), NAMED);
      await database.pool.query('select 1 as echoed');
      await database.close();
      expect(log.join('\n')).toContain('select 1 as echoed');
      expect(log.join('\n')).not.toContain(new URL(database.url).password);
      expect(database.maskedUrl).toMatch(/^postgres:\/\/sluice:\*\*\*@127\.0\.0\.1:\d+\/sluice$/);
      await expect(openDatabase(external(database.url), silent, NAMED)).rejects.toMatchObject({
        code: 'DATABASE_UNREACHABLE',
      });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it('reports a role that the server does not know as refused', async () => {
    const url = new URL(inject('serverUrl'));
    url.username = 'no_such_role';
    expect(await failure(url.href)).toMatchObject({
      code: 'DATABASE_REFUSED',
      facts: { sqlstate: expect.stringMatching(/^28/) },
    });
  });

  it('reports a missing database as refused', async () => {
    const url = new URL(inject('serverUrl'));
    url.pathname = '/no_such_database';
    expect(await failure(url.href)).toMatchObject({ code: 'DATABASE_REFUSED', facts: { sqlstate: '3D000' } });
  });

  it.each([
    ['postgres://me:s3cret-pass@127.0.0.1:1/x', 'DATABASE_UNREACHABLE'],
    ['postgres://me:s3cret-pass@no-such-host.invalid/x', 'DATABASE_UNREACHABLE'],
    ['postgres://me:s3cret-pass@127.0.0.1:notaport/x', 'DATABASE_REFUSED'],
    ['postgres://127.0.0.1:1/x?user=me&password=s3cret-pass', 'DATABASE_UNREACHABLE'],
    ['postgres://me:s3cret-pass%25@127.0.0.1:1/x', 'DATABASE_UNREACHABLE'],
  ])('shows no password when %s fails', async (url, code) => {
    const error = await failure(url);
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cret-pass');
    expect(JSON.stringify(error)).not.toContain('s3cret-pass');
  });
});

describe('refuseOld', () => {
  it('refuses Postgres 14 by name and accepts 15', () => {
    expect(() => refuseOld(140_018, 'postgres://me:pass@host/x')).toThrow(
      'the database postgres://me:***@host/x is Postgres 14; Sluice needs 15 or newer',
    );
    expect(() => refuseOld(150_000, 'postgres://host/x')).not.toThrow();
  });
});
