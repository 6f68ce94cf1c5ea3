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
    message: 'the rows of run {run} cannot be removed: {reason}',
    remedy:
      'Something of yours refers to them; drop or change what is named, then try again. `sluice retract --plan` lists it.',
  },
} as const satisfies Catalogue;
