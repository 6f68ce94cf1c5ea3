import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { COMPLETE, type Completeness, incomplete } from '../completeness.ts';
import { controlCount } from './control-count.ts';
import { controlPath, withEnding } from './names.ts';
import { ALGORITHMS, type CompletenessRules, type ControlRule } from './rules.ts';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A sidecar is a line or two. */
const MOST_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export interface CheckOptions {
  readonly signal?: AbortSignal;
  /** Files over so many bytes are not hashed. */
  readonly hashedBytes?: number;
  /** False: it is known that nothing lies at this path. */
  readonly mayBeThere?: (path: Buffer) => boolean;
}

/** How many records a file is said to have, and by what. */
export interface ExpectedRecords {
  readonly count: number;
  readonly source: string;
}

/**
 * Whether everything that has to lie beside a file does, and its checksums are right. A checksum is compared whenever
 * there is one.
 *
 * @throws AbortError when `signal` fires
 */
export async function checkSidecars(
  path: Buffer,
  rules: CompletenessRules,
  options: CheckOptions = {},
): Promise<Completeness> {
  const { markers, control } = rules;
  if (markers !== null && !(await anyThere(markers.map((ending) => withEnding(path, ending)))))
    return incomplete(`its marker (${markers.join(' or ')}) is not there`);
  if (control !== null) {
    const expected = await expectedRecords(path, control);
    if (typeof expected === 'string') return incomplete(expected);
  }
  return checkChecksums(path, rules, options);
}

/** What the control file says; or in words why it says nothing. */
export async function expectedRecords(path: Buffer, control: ControlRule): Promise<ExpectedRecords | string> {
  const text = await readSmall(controlPath(path, control));
  if (text === null) return `its control file (${control.file}) is not there`;
  const count = controlCount(text, control.field);
  return count === null
    ? 'its control file tells no number of records'
    : { count, source: 'its control file' };
}

async function checkChecksums(
  path: Buffer,
  { checksumRequired }: CompletenessRules,
  options: CheckOptions,
): Promise<Completeness> {
  let found = false;
  for (const algorithm of ALGORITHMS) {
    const sidecar = withEnding(path, `.${algorithm}`);
    const text = options.mayBeThere?.(sidecar) === false ? null : await readSmall(sidecar);
    if (text === null) continue;
    found = true;
    const wanted = checksumIn(text, algorithm);
    if (wanted === null) return incomplete(`its .${algorithm} file holds no checksum`);
    const is = await hash(path, algorithm, options);
    if (is === null) return incomplete(`its .${algorithm} is still to be compared`);
    if (is !== wanted) return incomplete(`its checksum is not the one in its .${algorithm} file`);
  }
  if (checksumRequired && !found) return incomplete('its checksum (.sha256 or .md5) is not there');
  return COMPLETE;
}

/** As `sha256sum`, `md5sum`, `openssl dgst` or `shasum --tag` write it. */
function checksumIn(text: string, algorithm: string): string | null {
  const digits = createHash(algorithm).digest('hex').length;
  return (
    new RegExp(`(?:^|[^0-9a-f])([0-9a-f]{${digits}})(?![0-9a-f])`, 'i').exec(text)?.[1]?.toLowerCase() ?? null
  );
}

async function hash(
  path: Buffer,
  algorithm: string,
  { signal, hashedBytes = Number.POSITIVE_INFINITY }: CheckOptions,
): Promise<string | null> {
  const handle = await open(path, OPEN_FLAGS);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > hashedBytes) return null;
    const digest = createHash(algorithm);
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, stats.size + 1));
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return digest.digest('hex');
      digest.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

async function anyThere(paths: readonly Buffer[]): Promise<boolean> {
  for (const path of paths) if ((await lstat(path).catch(() => null))?.isFile() === true) return true;
  return false;
}

/** Null when there is no such file, or it is none that could be a sidecar. */
async function readSmall(path: Buffer): Promise<string | null> {
  const handle: FileHandle | null = await open(path, OPEN_FLAGS).catch(() => null);
  if (handle === null) return null;
  try {
    if (!(await handle.stat()).isFile()) return null;
    const buffer = Buffer.alloc(MOST_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, MOST_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
