/** How far a load has come. */
export interface Progress {
  readonly file: string;
  /** Bytes of the source file read so far, and in all; of a table nobody knows how many. */
  readonly position: number;
  readonly size: number | null;
  readonly seconds: number;
}

/** Passes on at most one report in `everyMs` milliseconds, none before the first interval is over. */
export class ProgressMeter {
  private readonly startedAt = performance.now();
  private lastAt = this.startedAt;

  constructor(
    private readonly file: string,
    private readonly everyMs: number,
    private readonly report: (progress: Progress) => void,
  ) {}

  update(position: number, size: number | null): void {
    const now = performance.now();
    if (now - this.lastAt < this.everyMs) return;
    this.lastAt = now;
    this.report({ file: this.file, position, size, seconds: (now - this.startedAt) / 1000 });
  }
}

/** `loading x.csv: 123.4 of 436.0 MB, 28 %, 84.2 MB/s` */
export function progressLine(progress: Progress): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const speed = megabytes(progress.position / Math.max(progress.seconds, 0.001));
  if (progress.size === null)
    return `loading ${progress.file}: ${megabytes(progress.position)} MB, ${speed} MB/s`;
  const percent = progress.size === 0 ? 100 : Math.floor((100 * progress.position) / progress.size);
  return `loading ${progress.file}: ${megabytes(progress.position)} of ${megabytes(progress.size)} MB, ${percent} %, ${speed} MB/s`;
}
