import { SluiceError } from '../../errors.ts';
import { ENCRYPTED_TAGS, TAG, tagOf } from './packets.ts';

/** Enough for a mark, some blank lines and the first line of an armor. */
export const HEAD_BYTES = 1024;

export type EncryptedForm = 'binary' | 'armored';

const ARMOR = /^(?:\xef\xbb\xbf)?\s*-----BEGIN PGP ([A-Z ]+)-----/;
const OTHER_ARMORS: Readonly<Record<string, string>> = {
  'SIGNED MESSAGE': 'a signed text',
  SIGNATURE: 'a signature without the file',
  'PUBLIC KEY BLOCK': 'a public key',
  'PRIVATE KEY BLOCK': 'a private key',
};
export const SIGNED_OR_PACKED = 'signed or packed without encryption';
const OTHER_PACKETS: Readonly<Record<number, string>> = {
  [TAG.signature]: 'a signature',
  [TAG.onePassSignature]: SIGNED_OR_PACKED,
  [TAG.compressed]: SIGNED_OR_PACKED,
  [TAG.literal]: SIGNED_OR_PACKED,
  [TAG.secretKey]: 'a private key',
  [TAG.publicKey]: 'a public key',
};

/**
 * How a message is written, by its first bytes.
 *
 * @throws ENCRYPTED_NOT_OPENPGP, ENCRYPTED_NOT_A_MESSAGE
 */
export function inspectHead(head: Buffer, file: string): EncryptedForm {
  const armor = ARMOR.exec(head.toString('latin1'))?.[1];
  if (armor === 'MESSAGE') return 'armored';
  const tag = tagOf(head[0] ?? 0);
  if (armor === undefined && tag !== null && ENCRYPTED_TAGS.has(tag)) return 'binary';
  const what = armor === undefined ? OTHER_PACKETS[tag ?? -1] : OTHER_ARMORS[armor];
  if (what === undefined) throw new SluiceError('ENCRYPTED_NOT_OPENPGP', { file });
  throw new SluiceError('ENCRYPTED_NOT_A_MESSAGE', { file, what });
}
