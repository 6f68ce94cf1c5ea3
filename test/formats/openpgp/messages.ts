import { createMessage, encrypt, generateKey, type PrivateKey, type PublicKey, sign } from 'openpgp';

/** Deriving a key from a passphrase takes 100 ms as programs do it; tests have better things to do. */
const QUICK = { s2kIterationCountByte: 96 };

export interface MessageOptions {
  readonly to?: PublicKey | PublicKey[];
  readonly passphrases?: string | string[];
  readonly signer?: PrivateKey;
  readonly armor?: boolean;
  /** Protected as newer programs do: AEAD, checked for each piece. */
  readonly aead?: boolean;
  readonly compress?: boolean;
}

export function newKey(passphrase?: string) {
  return generateKey({
    userIDs: [{ name: 'Test', email: 'test@example.org' }],
    format: 'object',
    ...(passphrase !== undefined && { passphrase }),
  });
}

/** An encrypted file, as a sender makes it. */
export async function encrypted(content: Buffer | string, options: MessageOptions): Promise<Buffer> {
  const { to, passphrases, signer, armor = false, aead = false, compress = false } = options;
  const message = await createMessage({ binary: Buffer.from(content) });
  const given = {
    message,
    ...(to !== undefined && { encryptionKeys: to }),
    ...(passphrases !== undefined && { passwords: passphrases }),
    ...(signer !== undefined && { signingKeys: signer }),
    config: {
      ...QUICK,
      ...(aead && { aeadProtect: true }),
      ...(compress && { preferredCompressionAlgorithm: 2 }),
    },
  };
  if (armor) return Buffer.from(String(await encrypt({ ...given, format: 'armored' })));
  return Buffer.from((await encrypt({ ...given, format: 'binary' })) as Uint8Array);
}

/** A file that is signed, and can be read by everybody. */
export async function signed(content: string, signer: PrivateKey, detached = false): Promise<Buffer> {
  const message = await createMessage({ binary: Buffer.from(content) });
  const bytes = await sign({ message, signingKeys: signer, format: 'binary', detached });
  return Buffer.from(bytes as Uint8Array);
}
