import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PrivateKey } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { SluiceError } from '../../../src/errors.ts';
import { SourceHandle } from '../../../src/formats/file-handle.ts';
import { GunzipSource } from '../../../src/formats/gzip/gunzip-source.ts';
import { DecryptedContents } from '../../../src/formats/openpgp/decrypted-contents.ts';
import { openKeys } from '../../../src/formats/openpgp/keys.ts';
import { encrypted, type MessageOptions, newKey, signed } from './messages.ts';

const TEXT = `id,name\n${Array.from({ length: 2_000 }, (_, n) => `${n},name ${n}`).join('\n')}\n`;
const ours = await newKey('of the key');
const others = await newKey();
const SIGNED = await signed(TEXT, others.privateKey);
const SIGNATURE = await signed(TEXT, others.privateKey, true);
const ARMORED_SIGNED = Buffer.from(
  `-----BEGIN PGP MESSAGE-----\n\n${SIGNED.toString('base64')}\n-----END PGP MESSAGE-----\n`,
);
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-openpgp-'));
  process.on('unhandledRejection', note);
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await rm(folder, { recursive: true });
  expect(unhandled).toEqual([]);
});

interface With {
  readonly keys?: readonly (PrivateKey | string)[];
  readonly passphrases?: readonly string[];
  readonly limit?: number;
}

const OUR_KEY: With = { keys: [ours.privateKey], passphrases: ['of the key'] };

async function decrypting<T>(
  message: Buffer,
  { keys = [], passphrases = [], limit = 1e6 }: With,
  work: (contents: DecryptedContents) => Promise<T>,
): Promise<T> {
  const path = join(folder, `message-${createHash('sha1').update(message).digest('hex')}`);
  await writeFile(path, message);
  const handle = await SourceHandle.open(Buffer.from(path), 'orders.csv.gpg');
  const secrets = {
    keys: keys.map((key) => new Secret(typeof key === 'string' ? key : key.armor())),
    passphrases: passphrases.map((one) => new Secret(one)),
  };
  const decryption = {
    keys: () => openKeys(secrets),
    limit,
    file: 'orders.csv.gpg',
    innerName: 'orders.csv',
  };
  try {
    return await work(await DecryptedContents.open(handle, decryption));
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

/** All of it, or the code of the error. */
function read(message: Buffer, given: With): Promise<string> {
  const text = decrypting(message, given, async (contents) => {
    const reading = contents.sequential();
    const parts: Buffer[] = [];
    const buffer = Buffer.alloc(7_000);
    for (let got = await reading.read(buffer, 0); got > 0; got = await reading.read(buffer, 0))
      parts.push(Buffer.from(buffer.subarray(0, got)));
    expect(reading.position).toBe(message.length);
    expect(reading.fileSha256()).toBe(sha256(message));
    expect(reading.sha256()).toBe(sha256(Buffer.concat(parts)));
    await reading.close();
    return Buffer.concat(parts).toString();
  });
  return text.catch((error: unknown) => {
    if (error instanceof SluiceError) return error.code;
    throw error;
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function flip(message: Buffer, at: number): Buffer {
  const bytes = Buffer.from(message);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  return bytes;
}

describe('an encrypted file', () => {
  const cases: Readonly<Record<string, [MessageOptions, With]>> = {
    'for a key': [{ to: ours.publicKey }, OUR_KEY],
    'for a key, armored': [{ to: ours.publicKey, armor: true }, OUR_KEY],
    'for a key, compressed': [{ to: ours.publicKey, compress: true }, OUR_KEY],
    'for two keys': [{ to: [others.publicKey, ours.publicKey] }, OUR_KEY],
    'with a key of several at hand': [
      { to: ours.publicKey },
      { keys: [others.privateKey.armor() + ours.privateKey.armor()], passphrases: ['no', 'of the key'] },
    ],
    'with a binary key': [
      { to: others.publicKey },
      { keys: [Buffer.from(others.privateKey.write()).toString('latin1')] },
    ],
    'signed as well': [{ to: ours.publicKey, signer: others.privateKey }, OUR_KEY],
    'with a passphrase': [{ passphrases: 'a b c' }, { passphrases: ['another', 'a b c'] }],
    'for a key and with a passphrase, by the passphrase': [
      { to: others.publicKey, passphrases: 'p' },
      { ...OUR_KEY, passphrases: ['of the key', 'p'] },
    ],
    'with AEAD': [{ passphrases: 'p', aead: true }, { passphrases: ['p'] }],
  };
  for (const [name, [options, given]] of Object.entries(cases)) {
    it(`${name}, is read`, async () => {
      expect(await read(await encrypted(TEXT, options), given)).toBe(TEXT);
    });
  }

  const refused: Readonly<Record<string, [MessageOptions, With]>> = {
    'DECRYPTION_NOT_CONFIGURED without any key': [{ to: ours.publicKey }, {}],
    'DECRYPTION_NOT_CONFIGURED with a passphrase alone': [{ to: ours.publicKey }, { passphrases: ['p'] }],
    'DECRYPTION_NOT_CONFIGURED with a key alone': [{ passphrases: 'p' }, { keys: [others.privateKey] }],
    'DECRYPTION_KEY_WRONG with another key': [{ to: ours.publicKey }, { keys: [others.privateKey] }],
    'DECRYPTION_KEY_LOCKED without the passphrase of the key': [
      { to: ours.publicKey },
      { keys: [ours.privateKey] },
    ],
    'DECRYPTION_KEY_LOCKED with another passphrase of the key': [
      { to: ours.publicKey },
      { keys: [ours.privateKey], passphrases: ['p'] },
    ],
    'DECRYPTION_KEY_UNUSABLE with a public key': [{ to: ours.publicKey }, { keys: [ours.publicKey.armor()] }],
    'DECRYPTION_KEY_UNUSABLE with something else': [
      { to: ours.publicKey },
      { keys: ['nothing of the sort'] },
    ],
  };
  it('is refused: DECRYPTION_PASSPHRASE_WRONG with another passphrase', async () => {
    const codes = new Set<string>();
    for (let n = 0; n < 5; n++)
      codes.add(await read(await encrypted(TEXT, { passphrases: 'p' }), { passphrases: ['q'] }));
    expect(codes).toContain('DECRYPTION_PASSPHRASE_WRONG');
    // Of some 300 one gives what looks like a key, and only the integrity check at the end tells.
    codes.delete('ENCRYPTED_TAMPERED');
    expect(codes.size).toBe(1);
  });
  for (const [name, [options, given]] of Object.entries(refused)) {
    it(`is refused: ${name}`, async () => {
      expect(await read(await encrypted(TEXT, options), given)).toBe(name.split(' ')[0]);
    });
  }

  it('names the keys it is for, and never a secret', async () => {
    const message = await encrypted(TEXT, { to: ours.publicKey });
    const error = await decrypting(message, { keys: [others.privateKey] }, (contents) =>
      contents.sequential().read(Buffer.alloc(10), 0),
    ).catch((cause: unknown) => cause);
    const wanted = ours.publicKey.getSubkeys()[0]?.getKeyID().toHex().toUpperCase();
    expect(String(error)).toContain(wanted);
  });

  it.each([
    ['plain text', Buffer.from(TEXT), 'ENCRYPTED_NOT_OPENPGP'],
    [
      'an armor of nobody',
      Buffer.from('-----BEGIN PGP NOTHING-----\n-----END PGP NOTHING-----\n'),
      'ENCRYPTED_NOT_OPENPGP',
    ],
    ['a signed file', SIGNED, 'ENCRYPTED_NOT_A_MESSAGE'],
    ['a signature', SIGNATURE, 'ENCRYPTED_NOT_A_MESSAGE'],
    ['a public key', Buffer.from(ours.publicKey.armor()), 'ENCRYPTED_NOT_A_MESSAGE'],
    ['a private key', Buffer.from(ours.privateKey.write()), 'ENCRYPTED_NOT_A_MESSAGE'],
    ['nothing', Buffer.alloc(0), 'FILE_EMPTY'],
    ['an armored file that is signed only', ARMORED_SIGNED, 'ENCRYPTED_NOT_A_MESSAGE'],
  ])('%s is refused', async (_, bytes, code) => expect(await read(bytes, OUR_KEY)).toBe(code));

  it.each([
    ['plain', { to: others.publicKey }],
    ['compressed', { to: others.publicKey, compress: true }],
    ['armored', { to: others.publicKey, armor: true }],
  ])('altered anywhere, never becomes another content (%s)', async (_, options) => {
    const message = await encrypted('id,name\n1,Ada\n'.repeat(20), options);
    const key = { keys: [others.privateKey] };
    const whole = await read(message, key);
    const step = Math.ceil(message.length / 30);
    for (let at = 1; at < message.length; at += step) {
      const found = await read(flip(message, at), key);
      // Not every byte in front of the content matters, nor in an armor: but no other content is ever given.
      if (found !== whole) expect(found).toMatch(/^(ENCRYPTED|DECRYPTION|FILE_INCOMPLETE)/);
    }
    expect(await read(flip(message, message.length - (message[0] === 0x2d ? 60 : 3)), key)).toMatch(
      /^ENCRYPTED_TAMPERED|FILE_INC/,
    );
  });

  it('protected by AEAD, tells an alteration from a wrong passphrase', async () => {
    const message = await encrypted(TEXT.repeat(20), { passphrases: 'p', aead: true });
    for (const at of [message.length - 4, message.length >> 1])
      expect(await read(flip(message, at), { passphrases: ['p'] })).toBe('ENCRYPTED_TAMPERED');
    expect(await read(message, { passphrases: ['q'] })).toBe('DECRYPTION_PASSPHRASE_WRONG');
  });

  it('cut anywhere, is incomplete', async () => {
    const message = await encrypted(TEXT, { to: others.publicKey });
    const key = { keys: [others.privateKey] };
    for (let length = 1; length < message.length; length += 2_999)
      expect(await read(message.subarray(0, length), key)).toBe('FILE_INCOMPLETE');
  });

  it('is verified to its end though what is inside ends before', async () => {
    const padded = Buffer.concat([gzipSync('a,b\n1,2\n'), Buffer.alloc(100)]);
    const message = await encrypted(padded, { to: others.publicKey });
    const inflate = (bytes: Buffer) =>
      decrypting(bytes, { keys: [others.privateKey] }, async (contents) => {
        const source = new GunzipSource(contents.sequential(), 'x');
        const buffer = Buffer.alloc(100);
        const got = await source.read(buffer, 0);
        const after = await source.read(buffer, got);
        await source.close();
        return [got, after];
      });
    await expect(inflate(flip(message, message.length - 3))).rejects.toThrow(SluiceError);
  });

  it('that stands still inside of altered data is broken off', async () => {
    // Found by trial: its compressed data ends too early, and openpgp never comes back.
    const message = await readFile(join(import.meta.dirname, 'stands-still.gpg'));
    expect(await read(message, { passphrases: ['p'] })).toBe('ENCRYPTED_TAMPERED');
  });

  it('is read again and again, each time from its start, and left when enough was seen', async () => {
    const large = randomBytes(1_500_000).toString('hex');
    const message = await encrypted(large, { to: others.publicKey, compress: true });
    await decrypting(message, { keys: [others.privateKey] }, async (contents) => {
      for (let n = 0; n < 3; n++) {
        const reading = contents.sequential();
        const buffer = Buffer.alloc(20);
        await reading.read(buffer, 0);
        expect(buffer.toString()).toBe(large.slice(0, 20));
        expect(reading.position).toBeLessThan(message.length);
        await reading.close();
      }
    });
  });

  it('is held in memory for reads at any position, within a limit', async () => {
    const message = await encrypted(TEXT, { to: others.publicKey });
    await decrypting(message, { keys: [others.privateKey] }, async (contents) => {
      const bytes = await contents.whole();
      const buffer = Buffer.alloc(30);
      expect(await bytes.readInto(buffer, 2, 8, 8)).toBe(8);
      expect(buffer.toString('latin1', 2, 10)).toBe(TEXT.slice(8, 16));
      expect(await bytes.readInto(buffer, 0, 8, bytes.size + 5)).toBe(0);
    });
    await decrypting(message, { keys: [others.privateKey], limit: 1000 }, (contents) =>
      expect(contents.whole()).rejects.toMatchObject({ code: 'ENCRYPTED_ARCHIVE_TOO_LARGE' }),
    );
  });
});

const hasGpg = spawnSync('gpg', ['--version']).status === 0;

describe.skipIf(!hasGpg)('gpg', () => {
  let home = '';
  let key = '';
  const gpg = (args: readonly string[], input: string | Buffer = '') => {
    const all = ['--batch', '--yes', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback'];
    const { stdout, stderr, status } = spawnSync('gpg', [...all, '--passphrase', 'kp', ...args], {
      env: { ...process.env, GNUPGHOME: home },
      input,
      maxBuffer: 2 ** 28,
    });
    expect(status, stderr.toString()).toBe(0);
    return stdout;
  };
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-gpg-'));
    gpg(['--quick-gen-key', 'Test <test@example.org>', 'ed25519', 'default', 'never']);
    const fingerprint =
      /^fpr:+([0-9A-F]+):/m.exec(gpg(['--list-keys', '--with-colons']).toString())?.[1] ?? '';
    gpg(['--quick-add-key', fingerprint, 'rsa2048', 'encr', 'never']);
    key = gpg(['--armor', '--export-secret-keys']).toString();
  });
  afterAll(async () => {
    spawnSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: home } });
    await rm(home, { recursive: true, force: true });
  });

  const to = ['-r', 'test@example.org'];
  it.each([
    ['for a key', [...to, '-e']],
    ['armored', [...to, '--armor', '-e']],
    ['without compression', [...to, '--compress-algo', 'none', '-e']],
    ['with zlib', [...to, '--compress-algo', 'zlib', '-e']],
    ['with bzip2', [...to, '--compress-algo', 'bzip2', '-e']],
    ['for a hidden recipient', ['-R', 'test@example.org', '-e']],
    ['signed as well', [...to, '-s', '-e']],
    ['with a passphrase', ['-c', '--s2k-count', '65536']],
  ])('encrypts %s what is read', async (_, args) => {
    const text = TEXT.repeat(20);
    expect(await read(gpg(args, text), { keys: [key], passphrases: ['kp'] })).toBe(text);
  });

  it('encrypts what is read with an export of the subkeys alone', async () => {
    const subkeys = gpg(['--armor', '--export-secret-subkeys']).toString();
    expect(await read(gpg([...to, '-e'], TEXT), { keys: [subkeys], passphrases: ['kp'] })).toBe(TEXT);
  });

  it('encrypts with a passphrase, and another one is refused', async () => {
    const message = gpg(['-c', '--s2k-count', '65536'], TEXT);
    expect(await read(message, { passphrases: ['no'] })).toMatch(
      /DECRYPTION_PASSPHRASE_WRONG|ENCRYPTED_TAMPERED/,
    );
  });

  it('encrypts without integrity protection, which is refused', async () => {
    const message = gpg([...to, '--rfc2440', '-e'], TEXT);
    expect(await read(message, { keys: [key], passphrases: ['kp'] })).toBe('ENCRYPTED_UNPROTECTED');
  });

  it('signs, which is refused', async () => {
    for (const args of [['-s'], ['--clear-sign'], ['--armor', '-b'], ['--armor', '-s']])
      expect(await read(gpg(args, TEXT), {})).toBe('ENCRYPTED_NOT_A_MESSAGE');
  });
});
