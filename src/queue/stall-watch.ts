import { SluiceError } from '../errors.ts';
import type { SourceFile } from '../ledger/source-file.ts';

/** How long work that was aborted may take to end by itself; what hangs in the file system never does. */
const GOODBYE_MS = 2_000;

/** Work on files: gives what went wrong by file id. */
type Work = (signal: AbortSignal, alive: Alive) => Promise<ReadonlyMap<number, unknown>>;

/** Says that work on these files goes on. `patient`: what comes next may take any time without a sign of life. */
export type Alive = (files: readonly SourceFile[], patient?: boolean) => void;

export interface StallWatchOptions {
  /** Milliseconds without a sign of life after which work is aborted. */
  readonly stallMs: number;
  /** Ends the work for other reasons. */
  readonly signal: AbortSignal;
}

/**
 * Does `work` on `files`, and aborts it when it shows no sign of life for too long. The files it hung on fail with
 * RUN_STALLED; those it had not come to are given back, as when the service is stopped. Work that does not even end when it is
 * aborted is left to itself: a run that has lost its attempt cannot publish.
 */
export async function watchForStall(
  files: readonly SourceFile[],
  { stallMs, signal }: StallWatchOptions,
  work: Work,
): Promise<ReadonlyMap<number, unknown>> {
  const stall = new AbortController();
  let working: readonly SourceFile[] = files;
  let last = performance.now();
  let onGivenUp: (failures: ReadonlyMap<number, unknown>) => void = () => {};
  const givenUp = new Promise<ReadonlyMap<number, unknown>>((resolve) => {
    onGivenUp = resolve;
  });
  const failed = (file: SourceFile) =>
    working.some(({ fileId }) => fileId === file.fileId)
      ? new SluiceError('RUN_STALLED', { file: file.displayPath, stallMs })
      : new SluiceError('RUN_STOPPED', { file: file.displayPath });
  const timer = setInterval(
    () => {
      if (stall.signal.aborted || performance.now() - last < stallMs) return;
      stall.abort();
      const failures = new Map(files.map((file) => [file.fileId, failed(file)]));
      setTimeout(() => onGivenUp(failures), GOODBYE_MS).unref();
    },
    Math.max(50, Math.min(1_000, stallMs / 4)),
  );
  try {
    const done = work(AbortSignal.any([signal, stall.signal]), (on, patient = false) => {
      if (stall.signal.aborted) return;
      working = on;
      last = patient ? Number.POSITIVE_INFINITY : performance.now();
    });
    const failures = await Promise.race([done, givenUp]);
    if (!stall.signal.aborted || signal.aborted) return failures;
    const byId = new Map(files.map((file) => [file.fileId, file]));
    return new Map([...failures.keys()].map((fileId) => [fileId, failed(byId.get(fileId) as SourceFile)]));
  } finally {
    clearInterval(timer);
  }
}
