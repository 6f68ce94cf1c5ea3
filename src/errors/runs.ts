import type { Catalogue } from './entry.ts';

/** Accounting, publishing, and how runs end. */
export const RUN_ERRORS = {
  ACCOUNTING_MISMATCH: {
    kind: 'terminal',
    message:
      '{file}: {read} records were read, but {loaded} loaded, {rejected} rejected and {skipped} skipped',
    remedy: 'Nothing was published. This is a fault of Sluice: keep the file and report it.',
  },
  REJECT_LIMIT_EXCEEDED: {
    kind: 'terminal',
    message: '{file}: {rejected} records were rejected; the limit is {limit}',
    remedy:
      "Look at them with `sluice rejects RUN`; correct the file, or raise REJECT_LIMIT or the dataset's rejectLimit.",
  },
  KEYS_VIOLATED: {
    kind: 'terminal',
    message: '{file}: {count} records violate the keys of {table}, more than can be set aside',
    remedy:
      'Nothing was published. Correct the file, or load it into a table without the key and sort out the rows there.',
  },
  CORRECTION_REFUSED: {
    kind: 'terminal',
    message: '{file} holds rejects of run {run}, which is not published: it is {status}',
    remedy:
      'There is nothing to add them to. Correct the lines in the source file itself and drop that again.',
  },
  CORRECTION_MISMATCH: {
    kind: 'terminal',
    message: '{file} has {read} records, but run {run} has {open} open rejects',
    remedy:
      'Keep one record for each in the reject file, in its order; take the newest from exports/rejects.',
  },
  ALREADY_PUBLISHED: {
    kind: 'terminal',
    message: '{file} has the same content as {original}, published by run {run}',
    remedy: 'Nothing to do. To load it all the same, use `sluice load --again FILE`.',
  },
  CHECK_FAILED: {
    kind: 'terminal',
    message: '{file}: {dataset} does not pass its checks: {reason}',
    remedy:
      'Nothing was published. `sluice checks DATASET --rows` shows failing rows; correct the file and drop it again, or the check and `sluice replay RUN`.',
  },
  CHECK_HELD: {
    kind: 'terminal',
    message: '{file}: {dataset} does not pass its checks: {reason}',
    remedy:
      '`sluice checks DATASET --rows` shows failing rows. Publish it all the same with `sluice release RUN`, or give it up with `sluice discard RUN`.',
  },
  PLAN_STALE: {
    kind: 'transient',
    message: 'dataset {dataset} changed while {file} was being loaded',
    remedy: 'Nothing to do: the file is planned again at once.',
  },
  RUN_TAKEN_OVER: {
    kind: 'terminal',
    message: 'run {run} of {file} was taken over by another process',
    remedy: 'Nothing to do: the other process finishes it.',
  },
  COMMAND_STOPPED: {
    kind: 'transient',
    message: 'stopped by a signal before anything was done',
    remedy: 'Run the command again.',
  },
  RUN_STOPPED: {
    kind: 'transient',
    message: 'the service was stopped while {file} was loading',
    remedy: 'Nothing to do: the next start loads it.',
  },
  RUN_STALLED: {
    kind: 'transient',
    message: '{file}: nothing has moved for {stallMs} ms; the run was broken off',
    remedy:
      'It is tried again. If it repeats, look for a hanging mount, or for a lock in pg_stat_activity; raise STALL_MS when the work really takes that long.',
  },
  ATTEMPTS_EXHAUSTED: {
    kind: 'terminal',
    message: '{file} failed {attempts} times; the last time: {reason}',
    remedy: 'Solve what the last error names, then drop the file again.',
  },
  OUTCOME_NOT_WRITTEN: {
    kind: 'transient',
    message: 'the receipt of {file} could not be written, or the file not moved: {reason}',
    remedy:
      'Free space or correct the mode of the exports and imports folders; it is tried again. The rows are safe.',
  },
  INTERNAL: {
    kind: 'terminal',
    message: 'unexpected: {reason}',
    remedy: 'This is a fault of Sluice: report it with the log.',
  },
} as const satisfies Catalogue;
