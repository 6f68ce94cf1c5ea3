import { randomBytes } from 'node:crypto';
import { chown, open, readFile, rename, rm } from 'node:fs/promises';
import { messageOf, SluiceError } from '../../errors.ts';
import { codeOf } from '../sqlstate.ts';
import type { ServerUser } from './server-user.ts';

/** The superuser and the database of the embedded server. */
export const EMBEDDED_ROLE = 'sluice';
export const EMBEDDED_DATABASE = 'sluice';

/** The kept password, or null when there is none yet. Throws EMBEDDED_UNREACHABLE when it is somebody else's. */
export async function readPassword(path: string, user: ServerUser): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new SluiceError('EMBEDDED_UNREACHABLE', { user: user.name, path, reason: messageOf(error) }, error);
  }
}

/** Makes a password, on disk before any cluster can depend on it. */
export async function createPassword(path: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const temp = `${path}.tmp`;
  await rm(temp, { force: true });
  await writePrivate(temp, password);
  await rename(temp, path);
  return password;
}

/** Hands the password to `work` in a file that only the server's user can read, and that is gone afterwards. */
export async function withPasswordFile<T>(
  path: string,
  password: string,
  user: ServerUser,
  work: () => Promise<T>,
): Promise<T> {
  try {
    await writePrivate(path, password);
    if (user.ids !== null) await chown(path, user.ids.uid, user.ids.gid);
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

export function embeddedUrl(port: number, password: string, database = EMBEDDED_DATABASE): string {
  return `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/${database}`;
}
