import type { PrivateKey } from 'openpgp';
import type { DecryptionSecrets } from '../../config/decryption.ts';
import { messageOf, SluiceError } from '../../errors.ts';

/** What can decrypt: unlocked private keys, and passphrases for messages without a key. */
export interface DecryptionKeys {
  readonly privateKeys: readonly PrivateKey[];
  readonly passphrases: readonly string[];
}

const ARMORED_KEY = /-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]*?-----END PGP PRIVATE KEY BLOCK-----/g;
const opened = new WeakMap<DecryptionSecrets, Promise<DecryptionKeys>>();

/** True when there is anything to decrypt with. */
export function hasKeys({ keys, passphrases }: DecryptionSecrets): boolean {
  return keys.length + passphrases.length > 0;
}

/**
 * Reads and unlocks the private keys, once for each configuration.
 *
 * @throws DECRYPTION_KEY_UNUSABLE, DECRYPTION_KEY_LOCKED
 */
export function openKeys(secrets: DecryptionSecrets): Promise<DecryptionKeys> {
  const known = opened.get(secrets);
  if (known !== undefined) return known;
  const keys = readKeys(secrets);
  opened.set(secrets, keys);
  return keys;
}

async function readKeys(secrets: DecryptionSecrets): Promise<DecryptionKeys> {
  const passphrases = secrets.passphrases.map((passphrase) => passphrase.reveal());
  const privateKeys: PrivateKey[] = [];
  for (const key of secrets.keys) {
    for (const locked of await parse(key.reveal())) privateKeys.push(await unlock(locked, passphrases));
  }
  return { privateKeys, passphrases };
}

async function parse(text: string): Promise<PrivateKey[]> {
  const { readPrivateKeys } = await import('openpgp');
  const blocks = text.match(ARMORED_KEY);
  try {
    if (blocks === null) return await readPrivateKeys({ binaryKeys: Buffer.from(text, 'latin1') });
    const keys = await Promise.all(blocks.map((armoredKeys) => readPrivateKeys({ armoredKeys })));
    return keys.flat();
  } catch (error) {
    // The message may speak of the text; it never repeats it.
    const reason = /No secret key packet/.test(messageOf(error))
      ? 'it is not a private key'
      : 'it is not an OpenPGP key';
    throw new SluiceError('DECRYPTION_KEY_UNUSABLE', { reason });
  }
}

async function unlock(key: PrivateKey, passphrases: readonly string[]): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  const { decryptKey } = await import('openpgp');
  for (const passphrase of passphrases) {
    const unlocked = await decryptKey({ privateKey: key, passphrase }).catch(() => null);
    if (unlocked !== null) return unlocked;
  }
  const reason =
    passphrases.length === 0 ? 'it has a passphrase, and none is set' : 'the passphrase is wrong';
  throw new SluiceError('DECRYPTION_KEY_LOCKED', { key: shown(key.getKeyID().toHex()), reason });
}

/** A key's id as gpg shows it. */
export function shown(keyId: string): string {
  return /^0*$/.test(keyId) ? 'a hidden recipient' : keyId.toUpperCase();
}
