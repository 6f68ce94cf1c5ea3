import { unlink } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import type { Pool } from 'pg';
import type { Settings } from '../../config/settings.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { completeOutcomes, type Outcome, pendingOutcomes, readOutcomes } from '../../ledger/outcomes.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import { isStill, moveFile } from './move-file.ts';
import { writeReceipt } from './receipt.ts';
import { writeRejectFiles } from './reject-files.ts';

/** Files whose receipts and moves are under way together. */
const FILES_AT_ONCE = 4;

export interface OutcomeWriterOptions {
  readonly pool: Pool;
  readonly settings: Pick<Settings, 'importsDir' | 'exportsDir' | 'cleanup'>;
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
    const done: { file: SourceFile; finalPath: string | null; outcome: Outcome }[] = [];
    const queue = new PQueue({ concurrency: FILES_AT_ONCE });
    await queue.addAll(
      outcomes.map((outcome) => async () => {
        const { file } = outcome;
        try {
          done.push({ file, outcome, finalPath: await this.carryOut(outcome) });
        } catch (error) {
          delayed.set(file.fileId, delayOf(file, error));
        }
      }),
    );
    await completeOutcomes(this.options.pool, done);
    for (const { outcome } of done.sort((a, b) => a.outcome.runId - b.outcome.runId))
      this.options.onFinished(outcome);
    return delayed;
  }

  private async carryOut(outcome: Outcome): Promise<string | null> {
    const { pool, settings } = this.options;
    const { file } = outcome;
    const finalPath = await this.settleFile(outcome);
    if (outcome.loads.some((load) => load.rowsRejected > 0) || outcome.isCorrection) {
      await writeRejectFiles(pool, settings.exportsDir, file.fileId);
    }
    await writeReceipt(settings.exportsDir, outcome, finalPath);
    if (finalPath === null && this.isDeleted(outcome)) await removeFile(file);
    return finalPath;
  }

  /** Files under the imports folder whose outcome is committed and not carried out. */
  pending(): Promise<SourceFile[]> {
    const { pool, settings } = this.options;
    return pendingOutcomes(pool, Buffer.from(settings.importsDir + path.sep));
  }

  /** Moves the file where its outcome puts it. Gives where it ends, null when it is (or is going to be) no more. */
  private async settleFile(outcome: Outcome): Promise<string | null> {
    const { file } = outcome;
    const folder = this.folderOf(outcome);
    if (folder === null) return this.isDeleted(outcome) ? null : file.displayPath;
    const moved = await moveFile(file, path.join(this.options.settings.importsDir, folder), outcome.runId);
    return moved === null ? null : path.join(folder, this.nameOf(moved));
  }

  private nameOf(target: Buffer): string {
    return this.options.display(target.subarray(target.lastIndexOf('/') + 1));
  }

  private folderOf(outcome: Outcome): string | null {
    const { cleanup } = this.options.settings;
    if (outcome.file.origin === 'command' || cleanup === 'keep') return null;
    if (outcome.status === 'failed') return 'failed';
    return cleanup === 'delete' ? null : path.join('processed', localDate(outcome.finishedAt));
  }

  private isDeleted(outcome: Outcome): boolean {
    const { cleanup } = this.options.settings;
    return cleanup === 'delete' && outcome.file.origin === 'imports' && outcome.status !== 'failed';
  }
}

/** The file system refused; anything else is raised. */
function delayOf(file: SourceFile, error: unknown): SluiceError {
  if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
  return new SluiceError('OUTCOME_NOT_WRITTEN', { file: file.displayPath, reason: messageOf(error) }, error);
}

async function removeFile(file: SourceFile): Promise<void> {
  if (await isStill(file.path, file.identity)) await unlink(file.path);
}

/** YYYY-MM-DD on this machine's clock. */
function localDate(at: Date): string {
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}
