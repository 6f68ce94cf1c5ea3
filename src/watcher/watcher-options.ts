import type { SluiceError } from '../errors.ts';
import type { Sidecars } from '../formats/sidecar/sidecars.ts';
import type { SettledFile } from './settled-file.ts';

export interface WatcherOptions {
  /** The imports folder; relative paths are resolved against the working directory. */
  readonly root: string;
  /** Milliseconds a file must stay unchanged, always observed in full, however old the file looks. */
  readonly settleMs: number;
  /** Milliseconds between two walks through the whole folder; they find what events missed. */
  readonly rescanMs: number;
  /** Look at folders periodically instead of asking the kernel for events (network and bind mounts). */
  readonly usePolling: boolean;
  /** Milliseconds an unchanged file whose format says that a part is missing is waited for. */
  readonly incompleteMs: number;
  /**
   * `after-wait` (default) hands an incomplete file over after `incompleteMs`. `after-settle` does so as soon as it has settled;
   * but one whose sidecars are missing or do not agree is left, until it is as old as that. `never` leaves them all.
   */
  readonly takeIncomplete?: 'after-wait' | 'after-settle' | 'never';
  /** What lies beside files and belongs to them. */
  readonly sidecars?: Sidecars;
  /**
   * Takes over a batch of 1 to 500 files, oldest modification first. The next batch waits for the promise.
   * When it rejects, the rejection is reported and the same files are offered again later.
   */
  onSettled(files: readonly SettledFile[]): Promise<void>;
  /** Things that will not be loaded, and folders that cannot be read: each once, until it is replaced or recovers. */
  onReported(problem: SluiceError): void;
}

/** A file that has been seen and not yet been handed over. */
export interface WaitingFile {
  readonly path: Buffer;
  /** Milliseconds for which it has been unchanged. */
  readonly unchangedMs: number;
  /** Wall-clock time of the last change seen; for display only. */
  readonly since: Date;
  /** In words: `changed a moment ago`, `end of central directory missing`, … */
  readonly reason: string;
}
