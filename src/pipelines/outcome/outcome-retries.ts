import type { SluiceError } from '../../errors.ts';
import type { Leases } from '../../ledger/leases.ts';
import type { SourceFile } from '../../ledger/source-file.ts';
import type { OutcomeWriter } from './outcome-writer.ts';

const RETRY_MS = 5_000;
/** For a lease that another process holds on a file that a command has named. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 100;

/** Carries out outcomes, and those that cannot be carried out now (a full disk) again later, until they are. */
export class OutcomeRetries {
  private readonly reported = new Set<number>();
  private readonly inProgress = new Set<number>();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly writer: OutcomeWriter,
    private readonly leases: Leases,
    /** Told once per file. */
    private readonly onDelayed: (error: SluiceError) => void,
  ) {}

  /** How many outcomes wait to be carried out. */
  get delayed(): number {
    return this.reported.size;
  }

  /** For files whose leases the caller holds. */
  async write(files: readonly SourceFile[]): Promise<void> {
    for (const file of files) this.inProgress.add(file.fileId);
    try {
      const delayed = await this.writer.write(files);
      for (const file of files) this.note(file, delayed.get(file.fileId));
    } finally {
      for (const file of files) this.inProgress.delete(file.fileId);
    }
  }

  private note(file: SourceFile, error: SluiceError | undefined): void {
    if (error === undefined) this.reported.delete(file.fileId);
    else {
      if (!this.reported.has(file.fileId)) this.onDelayed(error);
      this.reported.add(file.fileId);
      this.retryIn(RETRY_MS);
    }
  }

  /**
   * Carries out whatever is recorded and not done, for instance because a crash came in between; of these files only,
   * when they are named.
   */
  async writePending(fileIds: readonly number[] | null = null): Promise<void> {
    for (const file of await this.writer.pending(fileIds)) {
      if (this.stopped) return;
      if (this.inProgress.has(file.fileId)) continue;
      // A service may be about to carry out what it was before.
      const patienceMs = fileIds === null ? 0 : PATIENCE_MS;
      if (!(await this.holdWithin(file.fileId, patienceMs))) continue;
      try {
        // Whoever had the lease until now may have done it.
        const isPending = fileIds !== null || (await this.writer.pending([file.fileId])).length > 0;
        if (isPending) await this.write([file]);
      } finally {
        await this.leases.release([file.fileId]);
      }
    }
  }

  private async holdWithin(fileId: number, patienceMs: number): Promise<boolean> {
    const deadline = performance.now() + patienceMs;
    while (!(await this.leases.hold(fileId))) {
      if (performance.now() > deadline || this.stopped) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return true;
  }

  retryNow(): void {
    this.retryIn(0);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private retryIn(ms: number): void {
    if (this.stopped || this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      // The database may be away as well; the dispatcher reports that, and the next look at what is pending leads back here.
      this.writePending().catch(() => {});
    }, ms);
  }
}
