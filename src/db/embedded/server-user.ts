import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { SluiceError } from '../../errors.ts';
import { codeOf } from '../sqlstate.ts';

/** Whom the server runs as. */
export interface ServerUser {
  readonly name: string;
  /** Ids to change to; null when the server runs as the user of this process. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
}

/** Postgres refuses to run as root. */
const FALLBACKS = ['postgres', 'nobody'];

/**
 * As root: the owner of an existing cluster, else `postgres`, else `nobody`. Otherwise: whoever we are.
 * Throws EMBEDDED_UNREACHABLE when the cluster belongs to somebody whom we cannot become.
 */
export async function serverUser(cluster: string): Promise<ServerUser> {
  const owner = await ownerOf(cluster);
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return asOurselves(cluster, owner?.uid ?? uid);
  if (owner !== null && owner.uid !== 0) return { name: await nameOf(owner.uid), ids: owner };
  for (const name of FALLBACKS) {
    const ids = await idsOf(name);
    if (ids !== null) return { name, ids };
  }
  throw new SluiceError('EMBEDDED_UNREACHABLE', {
    user: FALLBACKS.join(' or '),
    path: cluster,
    reason: 'there is no such user, and Postgres refuses to run as root',
  });
}

function asOurselves(cluster: string, owner: number): ServerUser {
  const { uid, username } = userInfo();
  if (owner === uid) return { name: username, ids: null };
  throw new SluiceError('EMBEDDED_UNREACHABLE', {
    user: username,
    path: cluster,
    reason: `it belongs to the user with id ${owner}; start Sluice as that user or as root`,
  });
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | null> {
  const [uid, gid] = await Promise.all([askId('-u', name), askId('-g', name)]);
  return uid === null || gid === null ? null : { uid: Number(uid), gid: Number(gid) };
}

async function nameOf(uid: number): Promise<string> {
  return (await askId('-un', String(uid))) ?? String(uid);
}

/** Null when there is no such user. */
async function askId(option: string, user: string): Promise<string | null> {
  try {
    return (await promisify(execFile)('id', [option, user])).stdout.trim();
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) return null;
    throw error;
  }
}
