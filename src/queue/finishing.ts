import type { SourceFile } from '../ledger/source-file.ts';

/** Carries out the outcomes of files of a group while others of it are worked on: those that came meanwhile together. */
export class Finishing {
  private readonly files = new Set<number>();
  private waiting: SourceFile[] = [];
  private working: Promise<void> | null = null;
  private ended = false;

  constructor(private readonly finish: (files: readonly SourceFile[]) => Promise<void>) {}

  /** Does nothing once this has ended: what was given up has nothing to tell. */
  add(files: readonly SourceFile[]): void {
    if (this.ended || files.length === 0) return;
    for (const file of files) this.files.add(file.fileId);
    this.waiting.push(...files);
    this.working ??= this.work();
    // Raised to whoever waits for the end.
    this.working.catch(() => {});
  }

  /** True when the file's outcome is being carried out, or has been. */
  has({ fileId }: SourceFile): boolean {
    return this.files.has(fileId);
  }

  /** Resolves when all outcomes are carried out; throws what has kept one from it, after which none is begun. */
  async end(): Promise<void> {
    this.ended = true;
    await this.working;
  }

  private async work(): Promise<void> {
    // Not before the caller has noted that this goes on.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.finish(this.waiting.splice(0));
    this.working = null;
  }
}
