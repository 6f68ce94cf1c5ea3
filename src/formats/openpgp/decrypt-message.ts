import type { Message, SessionKey, WebStream } from 'openpgp';
import { messageOf, SluiceError } from '../../errors.ts';
import { SIGNED_OR_PACKED } from './inspect-head.ts';
import { type DecryptionKeys, shown } from './keys.ts';
import { DATA_TAGS, TAG } from './packets.ts';

/** How a message is written, and where it comes from. */
export type EncryptedInput =
  | { readonly binary: WebStream<Uint8Array> }
  | { readonly armored: WebStream<string> };

/** A message whose key has been found. */
export interface UnlockedMessage {
  readonly message: Message<WebStream<Uint8Array | string>>;
  readonly sessionKeys: SessionKey[];
  /** Its key was made from a passphrase alone: a wrong one shows only in what comes out. */
  readonly byPassphrase: boolean;
}

/** Without this the whole content is held back, in memory, until it has been verified. */
const CONFIG = { allowUnauthenticatedStream: true };

/**
 * Reads the start of a message and finds its key.
 *
 * @throws DECRYPTION_…, ENCRYPTED_NOT_A_MESSAGE, and what openpgp says of a malformed message
 */
export async function unlockMessage(
  input: EncryptedInput,
  keys: DecryptionKeys,
  file: string,
): Promise<UnlockedMessage> {
  const { readMessage } = await import('openpgp');
  const message: Message<WebStream<Uint8Array | string>> =
    'armored' in input
      ? await readMessage({ armoredMessage: input.armored, config: CONFIG })
      : await readMessage({ binaryMessage: input.binary, config: CONFIG });
  const tags = new Set(message.packets.map(tagOfPacket));
  if (![...DATA_TAGS].some((tag) => tags.has(tag)))
    throw new SluiceError('ENCRYPTED_NOT_A_MESSAGE', { file, what: SIGNED_OR_PACKED });
  const ids = message.getEncryptionKeyIDs().map((id) => id.toHex());
  const takesPassphrase = tags.has(TAG.sessionKeyForPassphrase);
  return { message, ...(await findSessionKeys({ message, file, ids, takesPassphrase }, keys)) };
}

/** What is inside, as it comes; it is verified only when its end has been reached. Errors are openpgp's own. */
export async function plaintextOf({ message, sessionKeys }: UnlockedMessage): Promise<WebStream<Uint8Array>> {
  const { decrypt } = await import('openpgp');
  const { data } = await decrypt({ message, sessionKeys, format: 'binary', config: CONFIG });
  return data as WebStream<Uint8Array>;
}

function tagOfPacket(packet: object): number {
  return Number(Reflect.get(packet.constructor, 'tag'));
}

interface Lock {
  readonly message: Message<WebStream<Uint8Array | string>>;
  readonly file: string;
  /** Ids of the keys that it is encrypted for. */
  readonly ids: readonly string[];
  readonly takesPassphrase: boolean;
}

async function findSessionKeys(lock: Lock, keys: DecryptionKeys): Promise<Omit<UnlockedMessage, 'message'>> {
  const { message, ids, takesPassphrase } = lock;
  const { decryptSessionKeys } = await import('openpgp');
  const { privateKeys, passphrases } = keys;
  const byKey = ids.length > 0 && privateKeys.length > 0;
  const byPassphrase = takesPassphrase && passphrases.length > 0;
  const failures: unknown[] = [];
  if (byKey) {
    const found = await decryptSessionKeys({ message, decryptionKeys: [...privateKeys] }).catch(note);
    if (found !== null) return { sessionKeys: usable(found), byPassphrase: false };
  }
  if (byPassphrase) {
    const found = await decryptSessionKeys({ message, passwords: [...passphrases] }).catch(note);
    if (found !== null) return { sessionKeys: usable(found), byPassphrase: true };
  }
  throw refusal(lock, keys, { byKey, byPassphrase, cause: failures[0] });

  function note(error: unknown): null {
    failures.push(error);
    return null;
  }
}

function usable(keys: readonly { data: Uint8Array; algorithm: string | null }[]): SessionKey[] {
  return keys.map((key) => key as SessionKey);
}

function refusal(
  { file, ids, takesPassphrase }: Lock,
  { privateKeys }: DecryptionKeys,
  tried: { readonly byKey: boolean; readonly byPassphrase: boolean; readonly cause: unknown },
): SluiceError {
  const { byKey, byPassphrase, cause } = tried;
  if (byKey && !byPassphrase) {
    const wanted = ids.map(shown).join(', ');
    const present = privateKeys.flatMap((key) => key.getKeyIDs().map((id) => shown(id.toHex()))).join(', ');
    const isForUs = ids.some((id) =>
      privateKeys.some((key) => key.getKeyIDs().some((own) => own.toHex() === id)),
    );
    if (isForUs)
      return new SluiceError('ENCRYPTED_TAMPERED', { file, reason: `its key: ${messageOf(cause)}` }, cause);
    return new SluiceError('DECRYPTION_KEY_WRONG', { file, wanted, present }, cause);
  }
  if (byPassphrase) return new SluiceError('DECRYPTION_PASSPHRASE_WRONG', { file }, cause);
  const options = [...(ids.length > 0 ? ['key'] : []), ...(takesPassphrase ? ['passphrase'] : [])];
  return new SluiceError('DECRYPTION_NOT_CONFIGURED', { file, what: options.join(' or ') || 'key' });
}
