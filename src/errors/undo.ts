import type { Catalogue } from './entry.ts';

/** Taking runs back and replacing them. */
export const UNDO_ERRORS = {
  RUN_UNKNOWN: {
    kind: 'terminal',
    message: 'there is no run of {what}',
    remedy: 'Name a run by its number, or a file by its name or path; `sluice runs` lists them.',
  },
  RUN_AMBIGUOUS: {
    kind: 'terminal',
    message: '{what} names several published runs: {runs}',
    remedy: 'Name the run by its number, or the file by its path.',
  },
  RUN_RETRACTED: {
    kind: 'terminal',
    message: 'run {run} of {file} has been retracted already',
    remedy: 'Nothing to do: none of its rows is left. `sluice replay RUN` loads the kept file again.',
  },
  RUN_SUPERSEDED: {
    kind: 'terminal',
    message: 'run {run} of {file} was superseded by run {by}',
    remedy: 'Its rows are gone already; name the run that took its place.',
  },
  RUN_OVERTAKEN: {
    kind: 'terminal',
    message:
      'run {run} of {file} is not loaded again: run {by} has published {later} since, as the same delivery',
    remedy:
      'Nothing was changed: the newer one stays. To have the older one all the same, retract the newer run first, then replay this one.',
  },
  RUN_NOT_PUBLISHED: {
    kind: 'terminal',
    message: 'run {run} of {file} is not published: it is {status}',
    remedy: 'Only what is published can be taken back; nothing of this run is in staging.',
  },
  RUN_IS_CORRECTION: {
    kind: 'terminal',
    message: 'run {run} of {file} corrected rejects of run {corrects}; its rows belong to that run',
    remedy: 'Name the run that was corrected: its corrections go with it.',
  },
  RETRACT_BLOCKED: {
    kind: 'terminal',
    message: 'rows cannot be removed (run {run}): {reason}',
    remedy:
      'Something of yours refers to them; drop or change what is named, then try again. `sluice retract --plan` lists it.',
  },
  DELIVERY_HELD: {
    kind: 'terminal',
    message: '{file} differs from {original}, which run {run} has published as the same delivery',
    remedy:
      'Look at both, then `sluice release RUN` (with --append to keep the earlier rows) or `sluice discard RUN`.',
  },
  RUN_NOT_HELD: {
    kind: 'terminal',
    message: 'run {run} of {file} is not held: it is {status}',
    remedy: 'Only a delivery that is held waits for a decision; `sluice status` lists them.',
  },
  RUN_NOT_REPLAYABLE: {
    kind: 'terminal',
    message: 'run {run} of {file} cannot be loaded again: it is {status}',
    remedy: 'Wait for an unfinished run to end; release a held one; for a duplicate, name the run it equals.',
  },
  RUN_WAS_PULLED: {
    kind: 'terminal',
    message: 'run {run} took {file} from a database, and no file of it is kept',
    remedy: 'Take the table as it is now: `sluice pull SOURCE TABLE`, with --again if it has not changed.',
  },
  KEPT_FILE_MISSING: {
    kind: 'terminal',
    message: 'the source file of run {run} is not at {path} any more',
    remedy: 'Put it back there, or deliver it again. With CLEANUP=delete no published file is kept.',
  },
  KEPT_FILE_REMOVED: {
    kind: 'terminal',
    message: 'the source file of run {run} is kept no longer: upkeep noted on {date} that {path} is gone',
    remedy: 'Deliver it again. KEEP_PROCESSED and KEEP_FAILED say how long source files are kept.',
  },
  KEPT_FILE_CHANGED: {
    kind: 'terminal',
    message: '{path} is not what run {run} has read: {reason}',
    remedy:
      'Put the original back, or drop the changed file into the imports folder as a delivery of its own. What is held stays so until `sluice discard RUN`.',
  },
} as const satisfies Catalogue;
