import { COMPLETE, type Completeness, incomplete, type ReadsAt } from '../completeness.ts';
import { centralDirectoryProblem } from './central-directory.ts';

const END_SIGNATURE = Buffer.from('PK\x05\x06', 'latin1');
const END_BYTES = 22;
const LONGEST_COMMENT_BYTES = 0xffff;
/** A comment may contain the signature's four bytes; more decoys than this are not worth reading. */
const MOST_CANDIDATES = 16;

/**
 * Tells whether a ZIP in an open file has its end: the end-of-central-directory record, the ZIP64 records where used, and a
 * central directory that lies in the file and has every entry it announces (APPNOTE.TXT 4.3.12 to 4.3.16). Reads the last 64 KB
 * and the central directory, in 64 KB steps; never an entry's data, so a hole in the data is not noticed.
 *
 * What waiting cannot cure (no ZIP at all) counts as complete, for the reader of the content to refuse.
 *
 * @param size bytes to look at, from the start
 * @throws AbortError when `signal` fires; file system errors as they are
 */
export async function zipCompleteness(
  handle: ReadsAt,
  size: number,
  signal: AbortSignal,
): Promise<Completeness> {
  if (size === 0) return COMPLETE;
  const tailStart = Math.max(0, size - END_BYTES - LONGEST_COMMENT_BYTES);
  const tail = Buffer.alloc(size - tailStart);
  const { bytesRead } = await handle.read(tail, 0, tail.length, tailStart);
  let problem: string | null = null;
  for (const at of endRecords(tail.subarray(0, bytesRead))) {
    signal.throwIfAborted();
    const found = await centralDirectoryProblem(handle, tail.subarray(at, at + END_BYTES), tailStart + at);
    if (found === null) return COMPLETE;
    problem ??= found;
  }
  if (problem !== null) return incomplete(problem);
  return (await canBecomeZip(handle)) ? incomplete('ZIP: end of central directory missing') : COMPLETE;
}

/** Offsets in `tail` where an end record with a fitting comment length begins, last first. */
function endRecords(tail: Buffer): number[] {
  const found: number[] = [];
  let at = tail.lastIndexOf(END_SIGNATURE);
  while (at >= 0 && found.length < MOST_CANDIDATES) {
    const fits = at + END_BYTES <= tail.length && at + END_BYTES + tail.readUInt16LE(at + 20) <= tail.length;
    if (fits) found.push(at);
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1);
  }
  return found;
}

/** A ZIP starts with `PK`; zeros mean that its beginning has not been written yet. */
async function canBecomeZip(handle: ReadsAt): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  const head = buffer.subarray(0, bytesRead).toString('latin1');
  return 'PK'.startsWith(head) || '\0\0'.startsWith(head);
}
