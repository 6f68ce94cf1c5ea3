import type { Catalogue } from './entry.ts';

/** Encrypted files, and what decrypts them. */
export const DECRYPTION_ERRORS = {
  DECRYPTION_KEY_UNUSABLE: {
    kind: 'terminal',
    message: 'the private key cannot be used: {reason}',
    remedy:
      'Export it anew with `gpg --armor --export-secret-keys` and name that file in GPG_KEY_FILE; nothing is watched before it can be used.',
  },
  DECRYPTION_KEY_LOCKED: {
    kind: 'terminal',
    message: 'the private key {key} cannot be unlocked: {reason}',
    remedy: 'Set its passphrase in GPG_PASSPHRASE_FILE or GPG_PASSPHRASE, then start again.',
  },
  DECRYPTION_NOT_CONFIGURED: {
    kind: 'terminal',
    message: '{file} is encrypted, and there is no {what} to decrypt it',
    remedy:
      'Set GPG_KEY_FILE, or for files encrypted with a passphrase GPG_PASSPHRASE_FILE (docs/operations.md), restart, and drop the file again.',
  },
  DECRYPTION_KEY_WRONG: {
    kind: 'terminal',
    message: '{file} is encrypted for {wanted}; the keys at hand are {present}',
    remedy:
      'Ask the sender to encrypt it for your public key, or add the private key it is for to GPG_KEY_FILE, restart, and drop the file again.',
  },
  DECRYPTION_PASSPHRASE_WRONG: {
    kind: 'terminal',
    message: '{file} cannot be decrypted with the passphrase at hand',
    remedy:
      'Correct GPG_PASSPHRASE_FILE, which may hold several, one a line; restart, and drop the file again. If the passphrase is right, the beginning of the file is damaged.',
  },
  ENCRYPTED_NOT_OPENPGP: {
    kind: 'terminal',
    message: '{file} is not an OpenPGP message',
    remedy: 'Look at it with `gpg --list-packets`; if it is not encrypted at all, drop it without .gpg.',
  },
  ENCRYPTED_NOT_A_MESSAGE: {
    kind: 'terminal',
    message: '{file} is {what}, not an encrypted message',
    remedy:
      'Sluice verifies no signatures: deliver the file itself, plain or encrypted. Signatures that travel beside files belong elsewhere.',
  },
  ENCRYPTED_TAMPERED: {
    kind: 'terminal',
    message: '{file} was altered or damaged after it was encrypted: {reason}',
    remedy:
      'Nothing of it was published. Ask the sender for the file again; if it repeats, ask who handles it. Of some 300 wrong passphrases one shows like this.',
  },
  ENCRYPTED_UNPROTECTED: {
    kind: 'terminal',
    message: '{file} is encrypted without integrity protection: nobody can tell whether it was altered',
    remedy: 'Ask the sender to encrypt without --rfc2440 and --disable-mdc, or with a newer program.',
  },
  ENCRYPTED_UNSUPPORTED: {
    kind: 'terminal',
    message: '{file} cannot be decrypted: {reason}',
    remedy: 'Ask the sender to encrypt with the settings that gpg comes with.',
  },
  ENCRYPTED_ARCHIVE_TOO_LARGE: {
    kind: 'terminal',
    message: '{file} decrypts to an archive of more than {limit} bytes, which is held in memory',
    remedy:
      'Raise MAX_ENCRYPTED_ARCHIVE_BYTES if there is memory for it, or have the files encrypted one by one: those are streamed.',
  },
} as const satisfies Catalogue;
