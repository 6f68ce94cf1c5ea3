import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { EnvironmentValues, VariableProblem } from './environment.ts';
import { Secret } from './secret.ts';

/** What encrypted files are decrypted with, as it was handed over. */
export interface DecryptionSecrets {
  /** Private keys: armored text, or the bytes of a binary key as latin1. */
  readonly keys: readonly Secret[];
  /** Of the keys, and of messages encrypted with a passphrase alone. */
  readonly passphrases: readonly Secret[];
}

type Names = 'GPG_KEY' | 'GPG_KEY_FILE' | 'GPG_PASSPHRASE' | 'GPG_PASSPHRASE_FILE';

/** Reads the files that hold secrets. What is wrong with them is said without showing what they hold. */
export async function readDecryption(
  values: Pick<EnvironmentValues, Names>,
  cwd: string,
): Promise<{ decryption: DecryptionSecrets; problems: VariableProblem[] }> {
  const problems: VariableProblem[] = [];
  const read = async (variable: Names, encoding: BufferEncoding) => {
    const text = await readSecret(variable, values, cwd, encoding);
    if (text === null || !('problem' in text)) return text?.text ?? null;
    problems.push(text.problem);
    return null;
  };
  const keyFile = await read('GPG_KEY_FILE', 'latin1');
  const passphraseFile = await read('GPG_PASSPHRASE_FILE', 'utf8');
  if (values.GPG_PASSPHRASE !== undefined && values.GPG_PASSPHRASE_FILE !== undefined) {
    const allowed = 'allowed is one of GPG_PASSPHRASE and GPG_PASSPHRASE_FILE, not both';
    problems.push({ variable: 'GPG_PASSPHRASE', value: '***', allowed });
  }
  const lines = passphraseFile?.split(/\r?\n/).filter((line) => line !== '') ?? [];
  const decryption = {
    keys: [...(keyFile === null ? [] : [new Secret(keyFile)]), ...present(values.GPG_KEY)],
    passphrases: [...lines.map((line) => new Secret(line)), ...present(values.GPG_PASSPHRASE)],
  };
  return { decryption, problems };
}

function present(secret: Secret | undefined): Secret[] {
  return secret === undefined ? [] : [secret];
}

async function readSecret(
  variable: Names,
  values: Pick<EnvironmentValues, Names>,
  cwd: string,
  encoding: BufferEncoding,
): Promise<{ text: string } | { problem: VariableProblem } | null> {
  const path = values[variable];
  if (typeof path !== 'string') return null;
  // Somebody may have put the secret itself where its file's name belongs.
  const problem = (allowed: string) => ({ problem: { variable, value: '***', allowed } });
  try {
    const text = (await readFile(resolve(cwd, path))).toString(encoding);
    return text.trim() === '' ? problem('the file is empty') : { text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return problem(`allowed is the path of a file that can be read (${code})`);
  }
}
