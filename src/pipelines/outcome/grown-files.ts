import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { SluiceError } from '../../errors.ts';
import { type FileIdentity, identityOf, SourceHandle, sameFile } from '../../formats/file-handle.ts';
import { hashPrefixes } from '../../formats/hash-prefixes.ts';
import type { FinishedFile } from '../../ledger/kept-files.ts';
import type { Outcome } from '../../ledger/outcomes.ts';
import { moveBack } from './move-file.ts';

/** How long after its end a file is looked at. */
export const LOOKED_AT_HOURS = 24;
/** More than this are not remembered; those that ended first are forgotten. */
export const MOST_FILES = 20_000;
/** A file is looked at again when this share of its age has passed: often at first, rarely later. */
const SHARE_OF_AGE = 0.25;

export interface GrownFilesOptions {
  readonly importsDir: string;
  /** Milliseconds between the end of a file and the first look at it. */
  readonly firstLookMs: number;
  /** The file lies in the imports folder again. */
  onReturned(file: FinishedFile): Promise<void>;
  /** It was changed otherwise than by writing on. */
  onChanged(problem: SluiceError): void;
}

/**
 * Looks after files that have been moved away: a sender that had only paused still holds the file open, and goes on
 * writing to where it now lies. Such a file is put back into the imports folder, under its name, where it settles and is
 * taken like any other; it begins with what was published, and so takes the place of that.
 */
export class GrownFiles {
  /** Times are monotonic: the clock may be set. */
  private readonly files = new Map<string, { file: FinishedFile; readonly since: number; dueAt: number }>();
  private checking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: GrownFilesOptions) {}

  /** Remembers a file that has ended, to be looked at first after so many milliseconds. One that was not moved is passed over. */
  remember(file: FinishedFile, firstLookMs = this.options.firstLookMs): void {
    if (!isBelow(file.keptPath, this.options.importsDir) || file.keptPath.equals(file.path)) return;
    const key = file.keptPath.toString('latin1');
    this.files.delete(key);
    const since = performance.now();
    this.files.set(key, { file, since, dueAt: since + firstLookMs });
    for (const oldest of this.files.keys()) {
      if (this.files.size <= MOST_FILES) break;
      this.files.delete(oldest);
    }
  }

  /** Looks at the files whose time has come. Calls do not overlap. */
  check(): Promise<void> {
    const look = this.checking.then(() => this.lookAtDue());
    this.checking = look.catch(() => {});
    return look;
  }

  /** Resolves when no look is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.checking;
  }

  private async lookAtDue(): Promise<void> {
    for (const [key, entry] of this.files) {
      if (this.stopped) return;
      const now = performance.now();
      if (entry.dueAt > now) continue;
      const ageMs = now - entry.since;
      const again = await this.isToBeLookedAtAgain(entry);
      if (!again || ageMs > LOOKED_AT_HOURS * 3_600_000) this.files.delete(key);
      else entry.dueAt = now + Math.max(this.options.firstLookMs, ageMs * SHARE_OF_AGE);
    }
  }

  private async isToBeLookedAtAgain(entry: { file: FinishedFile }): Promise<boolean> {
    const { file } = entry;
    const stats = await lstat(file.keptPath, { bigint: true }).catch(() => null);
    if (stats?.isFile() !== true) return false;
    const now = identityOf(stats);
    if (now.inode !== file.identity.inode || now.device !== file.identity.device) return false;
    if (sameFile(now, file.identity)) return true;
    if (now.size === file.identity.size && file.sha256 !== null && (await beginsAsBefore(file))) {
      // It was only touched.
      entry.file = { ...file, identity: now };
      return true;
    }
    if (!(await hasGrown(file, now))) {
      const facts = { path: file.displayPath, run: file.runId, reason: 'it was changed in its place' };
      this.options.onChanged(new SluiceError('KEPT_FILE_CHANGED', facts));
      return false;
    }
    // Another file of that name may lie there; it will have gone when it has been loaded.
    if (!(await moveBack(file.keptPath, this.placeOf(file)))) return true;
    await this.options.onReturned(file);
    return false;
  }

  /** Where it was dropped; a file that was loaded from where it was kept goes to the top. */
  private placeOf(file: FinishedFile): Buffer {
    const { importsDir } = this.options;
    const wasKept = ['processed', 'failed', 'held'].some((name) =>
      isBelow(file.path, path.join(importsDir, name)),
    );
    if (!wasKept) return file.path;
    const name = file.keptPath.subarray(file.keptPath.lastIndexOf('/') + 1);
    return Buffer.concat([Buffer.from(importsDir + path.sep), name]);
  }
}

/** Longer than it was, and beginning with all that it was, as far as that is known. */
async function hasGrown(file: FinishedFile, now: FileIdentity): Promise<boolean> {
  if (now.size <= file.identity.size) return false;
  return file.sha256 === null || beginsAsBefore(file);
}

async function beginsAsBefore(file: FinishedFile): Promise<boolean> {
  const { size } = file.identity;
  const handle = await SourceHandle.open(file.keptPath, file.displayPath).catch(() => null);
  if (handle === null) return false;
  try {
    return (await hashPrefixes(handle, [size])).get(size) === file.sha256;
  } finally {
    await handle.close();
  }
}

function isBelow(at: Buffer, folder: string): boolean {
  const prefix = Buffer.from(folder + path.sep);
  return at.subarray(0, prefix.length).equals(prefix);
}

const OF_USE = new Set(['published', 'failed', 'duplicate', 'held']);

/** The file of an outcome that was carried out; null when it was moved nowhere or is of no more use. */
export function finishedFile(outcome: Outcome): FinishedFile | null {
  const { file, runId, status, kept, sha256 } = outcome;
  if (kept === null || !OF_USE.has(status)) return null;
  const { fileId, identity, path: dropped } = file;
  return {
    ...{ fileId, runId, status, identity, sha256 },
    ...{ path: dropped, keptPath: kept.path, displayPath: kept.displayPath },
  };
}
