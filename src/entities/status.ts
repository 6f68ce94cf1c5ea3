/**
 * Where a source file, a run and a load job stand. A status is the past participle of the stage that finished last;
 * docs/schema.md draws the state machine.
 */
export const STATUS = {
  /** Changed while it was read; nothing of it is published. The watcher moves it on once it has settled again. */
  detected: 'detected',
  /** Unchanged long enough and complete. The queue moves it on as soon as a slot is free; after a transient error it
   * comes back here until `next_attempt_at`. */
  settled: 'settled',
  /** Dataset, entries and dialect are known. The run moves it on at once. */
  identified: 'identified',
  /** Layout, types, version table and DDL are decided. The run moves it on at once. */
  planned: 'planned',
  /** Every record is counted and sits in Postgres or among the rejects, not yet visible. The publish transaction moves
   * it on; if the process dies here, the next start begins the file again. */
  loaded: 'loaded',
  /** Visible. Final, until `retract` or a newer run of the same file takes it back. */
  published: 'published',
  /** Ended by an error; nothing of it is visible. Final: a replay starts a run of its own. */
  failed: 'failed',
  /** The same content was published before; nothing was loaded. Final. */
  duplicate: 'duplicate',
  /** The same delivery was published before with other bytes, and a decision is waited for. `release` starts a new run
   * for the file, `discard` ends it. */
  held: 'held',
  /** Was held, and is not to be loaded. Final. */
  discarded: 'discarded',
  /** Was published and has been undone by `retract`. Final. */
  retracted: 'retracted',
  /** Was published and has been replaced by a newer run. Final. */
  superseded: 'superseded',
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

/** Nothing moves a row out of these on its own. */
export const FINISHED_STATUSES = [
  STATUS.published,
  STATUS.failed,
  STATUS.duplicate,
  STATUS.held,
  STATUS.discarded,
  STATUS.retracted,
  STATUS.superseded,
] as const;

export type FinishedStatus = (typeof FINISHED_STATUSES)[number];

export type FileStatus = Status;
/** A run begins as `settled`: it was created for a settled file and no stage of it has finished. */
export type RunStatus = Exclude<Status, 'detected'>;
/** A load job begins as `planned`. */
export type LoadStatus = Exclude<Status, 'detected' | 'settled' | 'identified'>;

export function isFinished(status: Status): status is FinishedStatus {
  return FINISHED_STATUSES.some((finished) => finished === status);
}
