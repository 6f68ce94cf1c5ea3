import type { Catalogue } from './entry.ts';

/** Layouts, contracts and the tables they meet. */
export const LAYOUT_ERRORS = {
  COLUMN_REFUSED: {
    kind: 'terminal',
    message:
      '{file}: column {column} is new to {table}{others}; the contract of dataset {dataset} refuses new columns',
    remedy: 'Remove the column from the file, or set contract.newColumn to evolve or discard.',
  },
  COLUMN_MISSING: {
    kind: 'terminal',
    message:
      '{file}: dataset {dataset} has columns that the file lacks: {columns}; its contract refuses that',
    remedy: 'Deliver the file with all columns, or set contract.missingColumn to evolve or discard.',
  },
  TABLE_REFUSED: {
    kind: 'terminal',
    message: '{file}: dataset {dataset} would need a new table {table}, and its contract refuses one',
    remedy: 'Correct the name or the columns of the file, or set contract.newTable to evolve or discard.',
  },
  TYPE_REFUSED: {
    kind: 'terminal',
    message:
      '{file}: column {column} of dataset {dataset} is {type}, but the file has {found}, and the contract refuses a change',
    remedy:
      'Correct the values or the declared type, or set contract.typeChange to evolve, widen or discard.',
  },
  TYPE_CHANGE_BLOCKED: {
    kind: 'terminal',
    message:
      '{file}: column {column} of {table} has to become {type}, but something of yours holds its type: {reason}',
    remedy:
      'Drop the view or whatever is named, `sluice replay RUN`, and make it again; a view on <dataset>__all holds no type. Or set contract.typeChange to freeze or discard.',
  },
  TABLE_MISSING: {
    kind: 'terminal',
    message: 'the table {table} is in the ledger, but not in the database',
    remedy: 'Somebody dropped it. Restore it from a backup, or start anew under another dataset name.',
  },
  TABLE_NOT_OURS: {
    kind: 'terminal',
    message: 'the table {table} exists, but Sluice did not make it',
    remedy: 'Rename that table, or give the dataset another name in sluice.config.ts.',
  },
  COLUMNS_TOO_MANY: {
    kind: 'terminal',
    message: '{file} has {count} columns; Postgres holds at most 1,598 next to ours',
    remedy: 'Check the delimiter with `sluice plan FILE`; split the file if it really is that wide.',
  },
  DATASET_AMBIGUOUS: {
    kind: 'terminal',
    message: '{file} matches more than one dataset: {datasets}',
    remedy: 'Make the match patterns in sluice.config.ts exclusive.',
  },
} as const satisfies Catalogue;
