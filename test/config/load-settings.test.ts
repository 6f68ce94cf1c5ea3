import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';
import { SluiceError } from '../../src/errors.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-settings-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function load(env: Record<string, string | undefined> = {}) {
  return loadSettings({ env, cwd });
}

async function refusal(env: Record<string, string | undefined> = {}): Promise<SluiceError> {
  const error = await load(env).catch((thrown: unknown) => thrown);
  if (!(error instanceof SluiceError)) throw new Error('expected a refusal', { cause: error });
  return error;
}

describe('settings', () => {
  it('work with neither .env nor sluice.config.ts, folders resolved against the working directory', async () => {
    expect(await load()).toMatchObject({
      databaseUrl: null,
      dataDir: join(cwd, 'data'),
      importsDir: join(cwd, 'imports'),
      lanes: null,
      datasets: [],
    });
  });

  it('are frozen all the way down', async () => {
    const settings = await load();
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.datasets)).toBe(true);
    expect(Object.isFrozen(settings.rejectLimit)).toBe(true);
  });

  it('come from .env, the real environment winning', async () => {
    await writeFile(
      join(cwd, '.env'),
      '\uFEFF# comment\nSETTLE_MS=111\nexport LANES="3" # lanes\nDW_SCHEMA=\'my dw\'\n\n',
    );
    expect(await load({ SETTLE_MS: '222' })).toMatchObject({ settleMs: 222, lanes: 3, dwSchema: 'my dw' });
  });

  it('refuse a name in .env that is not a variable, and suggest the right one', async () => {
    await writeFile(join(cwd, '.env'), 'SETTLE_MSS=5\nPOSTGRES_PASSWORD=for-compose\nFOO=bar\n');
    const { code, message } = await refusal();
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain('SETTLE_MSS=5 is not valid');
    expect(message).toContain('SETTLE_MS was probably meant');
    expect(message).toContain('FOO=bar');
    expect(message).not.toContain('POSTGRES_PASSWORD');
  });

  it('refuse a line in .env that is not NAME=value, with its number', async () => {
    await writeFile(join(cwd, '.env'), 'LANES=2\nSETTLE_MS: 300\n');
    const { code, message } = await refusal();
    expect(code).toBe('CONFIG_FILE_INVALID');
    expect(message).toContain('line 2');
  });

  it('refuse a .env that cannot be read', async () => {
    await mkdir(join(cwd, '.env'));
    expect((await refusal()).code).toBe('CONFIG_FILE_INVALID');
  });

  it.each(['SETTLE_MSS', 'CONCURENCY', 'LANE', 'STAGING_SHCEMA', 'DATABASE_URI', 'LOG_DIR', 'settle_ms'])(
    'refuse %s in the environment as a misspelt variable',
    async (name) => {
      const { code, message } = await refusal({ [name]: '1' });
      expect(code).toBe('CONFIG_INVALID');
      expect(message).toContain(`${name}=1`);
      expect(message).toContain('was probably meant');
    },
  );

  it('leave a misspelling alone when the variable itself is set, even to nothing', async () => {
    await expect(load({ DATABASE_URI: 'x', DATABASE_URL: '' })).resolves.toBeDefined();
  });

  it.each([
    'PATH',
    'ENV',
    'DIR',
    'LINES',
    'LANG',
    'XDG_DATA_DIRS',
    'DB_SCHEMA',
    'NODE_ENV',
    'COLUMNS',
    'PGDATA',
  ])('take no offence at %s', async (name) => {
    await expect(load({ [name]: '1' })).resolves.toBeDefined();
  });

  it('list all problems at once, without the password', async () => {
    const { message, facts } = await refusal({
      DATABASE_URL: 'postgres://u:hush@h:port/db',
      DEV: 'x',
      LANE: '2',
    });
    expect(facts.variable).toBe('DATABASE_URL, DEV, LANE');
    expect(message).toContain('DEV=x is not valid');
    expect(message).not.toContain('hush');
  });

  it.each([{ DW_SCHEMA: 'staging' }, { STAGING_SCHEMA: 's', DW_SCHEMA: 's_segments' }])(
    'refuse schemas that collide: %o',
    async (env) => {
      expect((await refusal(env)).message).toContain('DW_SCHEMA=');
    },
  );

  it.each([{ EXPORTS_DIR: './imports' }, { LOGS_DIR: './imports/logs' }, { IMPORTS_DIR: '.' }])(
    'refuse to write where source files are taken from: %o',
    async (env) => {
      expect((await refusal(env)).message).toContain('outside IMPORTS_DIR');
    },
  );

  it('allow a folder whose name merely begins like the imports folder', async () => {
    await expect(load({ EXPORTS_DIR: './imports-out', LOGS_DIR: './..logs' })).resolves.toBeDefined();
  });
});
