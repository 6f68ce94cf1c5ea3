import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load-settings.ts';
import { Secret } from '../../src/config/secret.ts';

const HIDDEN = 'hunter2 is hidden';
const KEY = `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${HIDDEN}\n-----END PGP PRIVATE KEY BLOCK-----`;
let cwd = '';

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-secrets-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const revealed = async (env: Record<string, string>) => {
  const { decryption } = await loadSettings({ env, cwd });
  const reveal = (secrets: readonly Secret[]) => secrets.map((secret) => secret.reveal());
  return { keys: reveal(decryption.keys), passphrases: reveal(decryption.passphrases) };
};

describe('a secret', () => {
  it('shows in no way of printing it', () => {
    const secret = new Secret(HIDDEN);
    const holder = { nested: { secret } };
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify(holder),
      inspect(holder, { depth: 9 }),
      format('%o', holder),
    ];
    expect(shown.join('\n')).not.toContain('hunter2');
    expect(JSON.stringify(holder)).toBe('{"nested":{"secret":"***"}}');
    expect(JSON.stringify({ ...secret })).toBe('{}');
    expect(JSON.stringify(structuredClone({ ...holder.nested.secret }))).toBe('{}');
    expect(secret.reveal()).toBe(HIDDEN);
  });
});

describe('what decrypts', () => {
  it('is nothing unless it is set', async () => {
    expect(await revealed({})).toEqual({ keys: [], passphrases: [] });
  });

  it('comes from files and from the environment', async () => {
    await writeFile(join(cwd, 'key.asc'), Buffer.from([0x94, 0xff, 0x00]));
    await writeFile(join(cwd, 'pass'), 'one\r\n  two \n\n');
    expect(await revealed({ GPG_KEY_FILE: 'key.asc', GPG_PASSPHRASE_FILE: join(cwd, 'pass') })).toEqual({
      keys: ['\x94\xff\0'],
      passphrases: ['one', '  two '],
    });
    const env = { GPG_KEY: KEY.replaceAll('\n', '\\n'), GPG_PASSPHRASE: 'three' };
    expect(await revealed(env)).toEqual({ keys: [KEY], passphrases: ['three'] });
  });

  it.each([
    ['a key that is none', { GPG_KEY: HIDDEN }, 'GPG_KEY='],
    ['half a key', { GPG_KEY: KEY.slice(0, -10) }, 'GPG_KEY='],
    ['a key in the place of its file', { GPG_KEY_FILE: KEY }, 'GPG_KEY_FILE='],
    ['a passphrase in the place of its file', { GPG_PASSPHRASE_FILE: HIDDEN }, 'GPG_PASSPHRASE_FILE='],
    ['a misspelt name', { GPG_PASSPHRASSE: HIDDEN }, 'GPG_PASSPHRASSE='],
    ['an empty file', { GPG_PASSPHRASE_FILE: 'empty' }, 'the file is empty'],
    ['both at once', { GPG_PASSPHRASE: HIDDEN, GPG_PASSPHRASE_FILE: 'file' }, 'not both'],
  ])('is refused without being shown: %s', async (_, env, named) => {
    await writeFile(join(cwd, 'empty'), '\n');
    await writeFile(join(cwd, 'file'), HIDDEN);
    await chmod(join(cwd, 'file'), 0o600);
    const error = await loadSettings({ env, cwd }).catch((cause: unknown) => cause);
    const text = inspect(error, { depth: 9 });
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(text).toContain(named);
    expect(text).not.toContain('hunter2');
  });

  it('is not shown by a misspelt name in .env', async () => {
    await writeFile(join(cwd, '.env'), `GPG_PASPHRASE=${HIDDEN}\n`);
    const error = await loadSettings({ env: {}, cwd }).catch((cause: unknown) => cause);
    expect(inspect(error)).toContain('GPG_PASPHRASE=***');
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });
});
