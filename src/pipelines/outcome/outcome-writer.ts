import path from 'node:path';
import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { type FileIdentity, sameFile } from '../../formats/file-handle.ts';
import { removeSidecars } from '../../formats/sidecar/remove-sidecars.ts';
import type { Sidecars } from '../../formats/sidecar/sidecars.ts';
import {
  type CarriedOut,
  completeOutcomes,
  type KeptFile,
  type Outcome,
  pendingOutcomes,
  readOutcomes,
} from '../../ledger/outcomes.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { stepDone } from '../../steps.ts';
import { deleteFile, isStill, moveBeside, moveFile, seenAt, stateNow } from './move-file.ts';
import { writeReceipt } from './receipt.ts';
import { writeRejectFiles } from './reject-files.ts';

/** Files whose receipts and moves are under way together: enough that the threads which do it need not be woken for each. */
const FILES_AT_ONCE = 100;
/** Where files go that are of no more use, by status; under the imports folder. */
const SET_ASIDE: Readonly<Record<string, string>> = {
  retracted: path.join('processed', 'retracted'),
  discarded: path.join('processed', 'discarded'),
};

export interface OutcomeWriterOptions {
  readonly pool: Pool;
  readonly settings: Pick<Settings, 'importsDir' | 'exportsDir' | 'cleanup'>;
  /** What lies beside a file and goes where it goes. */
  readonly sidecars: Sidecars;
  /** File names as text: safe to show, different for different names. */
  display(name: Buffer): string;
  /** Told when a file's receipt is written and the file is where it ends. */
  onFinished(outcome: Outcome): void;
}

/**
 * Carries out what follows a committed outcome: the file's move, and the receipt. Both can be repeated, so a crash
 * or a full disk in between is made good by doing it again (I4).
 */
export class OutcomeWriter {
  constructor(private readonly options: OutcomeWriterOptions) {}

  /** Gives the files whose outcome could not be carried out now, by id, with the reason. */
  async write(files: readonly SourceFile[]): Promise<Map<number, SluiceError>> {
    const outcomes = await readOutcomes(this.options.pool, files);
    const delayed = new Map<number, SluiceError>();
    const done: (CarriedOut & { outcome: Outcome })[] = [];
    const carryOut = async (outcome: Outcome) => {
      const { file } = outcome;
      try {
        const from = outcome.kept?.path ?? (file.replaysRunId === null ? null : file.path);
        done.push({ file, outcome, status: outcome.status, from, kept: await this.carryOut(outcome) });
      } catch (error) {
        delayed.set(file.fileId, delayOf(file, error));
      }
    };
    for (let at = 0; at < outcomes.length; at += FILES_AT_ONCE)
      await Promise.all(outcomes.slice(at, at + FILES_AT_ONCE).map(carryOut));
    await completeOutcomes(this.options.pool, done);
    for (const { file } of done) stepDone('outcome completed', file.displayPath);
    for (const { outcome, kept } of done.sort((a, b) => a.outcome.runId - b.outcome.runId))
      this.options.onFinished({ ...outcome, kept });
    return delayed;
  }

  private async carryOut(outcome: Outcome): Promise<KeptFile | null> {
    const { pool, settings } = this.options;
    const { file } = outcome;
    const kept = await this.settleFile(outcome);
    stepDone('file moved', file.displayPath);
    if (outcome.loads.some((load) => load.rowsRejected > 0) || outcome.isCorrection) {
      await writeRejectFiles(pool, settings.exportsDir, file.fileId);
      stepDone('reject file written', file.displayPath);
    }
    await writeReceipt(settings.exportsDir, outcome, kept?.displayPath ?? null);
    stepDone('receipt written', file.displayPath);
    if (kept === null && this.isDeleted(outcome)) await this.remove(file);
    return kept;
  }

  /** Files under the imports folder whose outcome is committed and not carried out. */
  pending(fileIds: readonly number[] | null): Promise<SourceFile[]> {
    const { pool, settings } = this.options;
    return pendingOutcomes(pool, Buffer.from(settings.importsDir + path.sep), fileIds);
  }

  /** Moves the file where its outcome puts it. Gives where it ends, null when it is (or is going to be) no more. */
  private async settleFile(outcome: Outcome): Promise<KeptFile | null> {
    const kept = outcome.kept ?? (await this.firstPlace(outcome));
    // What was to be loaded again is the file of another run, which stands as it did.
    const isAnothers = outcome.status === 'discarded' && outcome.file.replaysRunId !== null;
    const aside = isAnothers ? undefined : SET_ASIDE[outcome.status];
    return kept === null || aside === undefined ? kept : this.setAside(outcome, kept, aside);
  }

  private async firstPlace(outcome: Outcome): Promise<KeptFile | null> {
    const { path: there, displayPath, replaysRunId } = outcome.file;
    const isPlaced = replaysRunId !== null && (outcome.status !== 'published' || !this.isSetAside(there));
    const folder = isPlaced ? null : this.folderOf(outcome);
    if (folder !== null) return this.move(outcome, there, folder);
    return this.isDeleted(outcome) ? null : { path: there, displayPath };
  }

  /** What is taken back or given up leaves its folder; a file that was left in its place stays there. */
  private async setAside(outcome: Outcome, kept: KeptFile, folder: string): Promise<KeptFile> {
    const isOurs = ['processed', 'held'].some((name) => this.isIn(kept.path, name));
    return isOurs ? ((await this.move(outcome, kept.path, folder)) ?? kept) : kept;
  }

  /** A file that is loaded again from one of these moves to those that are published. */
  private isSetAside(at: Buffer): boolean {
    return ['failed', ...Object.values(SET_ASIDE)].some((folder) => this.isIn(at, folder));
  }

  private isIn(at: Buffer, folder: string): boolean {
    const prefix = Buffer.from(path.join(this.options.settings.importsDir, folder, path.sep));
    return at.subarray(0, prefix.length).equals(prefix);
  }

  private async move({ file, runId }: Outcome, from: Buffer, folder: string): Promise<KeptFile | null> {
    const target = path.join(this.options.settings.importsDir, folder);
    // In that folder nobody puts a new file in the place of the one that is moved: changed or not, it is the one.
    const now = this.isIn(from, 'held') ? await stateNow(from, file.identity) : file.identity;
    const beside = await this.seenBeside(from, now);
    const moved = await moveFile({ ...file, path: from, identity: now }, target, runId);
    if (moved !== null && !moved.equals(from)) await this.moveSidecars(file, { from, moved, beside });
    return moved === null ? null : { path: moved, displayPath: path.join(folder, this.nameOf(moved)) };
  }

  /**
   * What lies beside a file that is about to be moved, by the place of its path. What lies beside another file than ours is not ours
   * either; when nothing is there, ours has been moved before a crash, and what it has set aside is looked for.
   */
  private async seenBeside(from: Buffer, identity: FileIdentity): Promise<Map<number, FileIdentity | null>> {
    const paths = [from, ...this.options.sidecars.pathsOf(from)];
    const [main = null, ...found] = await Promise.all(paths.map(seenAt));
    const isThere = main !== null && sameFile(main, identity);
    const seen = found.map((one, at) => [at, main === null || isThere ? one : null] as const);
    return new Map(isThere ? seen.filter(([, one]) => one !== null) : seen);
  }

  /** A sidecar of that name that lies there already stays. */
  private async moveSidecars(
    { fileId }: SourceFile,
    {
      from,
      moved,
      beside,
    }: { from: Buffer; moved: Buffer; beside: ReadonlyMap<number, FileIdentity | null> },
  ): Promise<void> {
    if (beside.size === 0) return;
    const { sidecars } = this.options;
    const [origins, targets] = [sidecars.pathsOf(from), sidecars.pathsOf(moved)];
    const folder = moved.subarray(0, moved.lastIndexOf('/') + 1);
    for (const [place, seen] of beside) {
      const aside = Buffer.concat([folder, Buffer.from(`.sluice-moving-${fileId}-${place}`)]);
      const [at, target] = [origins[place], targets[place]];
      if (at === undefined || target === undefined) continue;
      if (await moveBeside({ at, target, aside, seen })) stepDone('sidecar moved', from.toString());
    }
  }

  private async remove(file: SourceFile): Promise<void> {
    // Last of all the file: as long as that is there, a crash leaves nothing that is not found again.
    if (await isStill(file.path, file.identity)) await removeSidecars(this.options.sidecars, file.path);
    await deleteFile(file);
  }

  private nameOf(target: Buffer): string {
    return this.options.display(target.subarray(target.lastIndexOf('/') + 1));
  }

  private folderOf(outcome: Outcome): string | null {
    const { cleanup } = this.options.settings;
    if (outcome.file.origin === 'command' || cleanup === 'keep') return null;
    if (outcome.status === 'failed' || outcome.status === 'held') return outcome.status;
    return cleanup === 'delete' && outcome.file.replaysRunId === null
      ? null
      : path.join('processed', localDate(outcome.finishedAt));
  }

  private isDeleted(outcome: Outcome): boolean {
    const { file, status } = outcome;
    const isKept = status === 'failed' || status === 'held' || status === 'discarded';
    return (
      this.options.settings.cleanup === 'delete' &&
      file.origin === 'imports' &&
      !isKept &&
      file.replaysRunId === null
    );
  }
}

/** The file system refused; anything else is raised. */
function delayOf(file: SourceFile, error: unknown): SluiceError {
  if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
  return new SluiceError('OUTCOME_NOT_WRITTEN', { file: file.displayPath, reason: messageOf(error) }, error);
}

/** YYYY-MM-DD on this machine's clock. */
function localDate(at: Date): string {
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}
