import type { Catalogue } from './entry.ts';

/** Compaction and retention. */
export const UPKEEP_ERRORS = {
  DATASET_UNKNOWN: {
    kind: 'terminal',
    message: 'there is no dataset {dataset}',
    remedy: '`sluice versions` lists the datasets.',
  },
  COMPACTION_YIELDED: {
    kind: 'transient',
    message: 'segments of {table} were not folded: somebody else is changing them',
    remedy: 'Nothing to do: the next compaction takes them.',
  },
  COMPACTION_DELAYED: {
    kind: 'transient',
    message: 'segments of {table} were not folded: {who} did not end within {minutes} minutes',
    remedy:
      'Nothing is lost, and the next compaction takes them. Look for long or idle transactions in pg_stat_activity.',
  },
  COMPACTION_MISCOUNTED: {
    kind: 'terminal',
    message:
      'segments of {table} were not folded: they hold {rows} rows, and the ledger has counted {expected}',
    remedy:
      'Did somebody delete or insert rows by hand? `sluice doctor` says in which run; replay it, or leave the segments.',
  },
  COMPACTION_STOPPED: {
    kind: 'transient',
    message: 'compaction of {table} was stopped by a signal',
    remedy: 'Nothing has changed; the next compaction takes its segments.',
  },
} as const satisfies Catalogue;
