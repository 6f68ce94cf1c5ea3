import type { Catalogue } from './entry.ts';

/** Dumps: descriptors, and the types they name. */
export const DUMP_ERRORS = {
  DESCRIPTOR_INVALID: {
    kind: 'terminal',
    message: '{file} does not describe a table: {reason}',
    remedy:
      'Correct the descriptor: a JSON list with column_name and column_type of each column; docs/dumps.md shows the forms. JSON that is none, but called like its data, is passed over by skipEntries.',
  },
  TYPE_UNKNOWN: {
    kind: 'terminal',
    message:
      "{file}: column {column} of table {table} has the type {type}, which {database} is not known to have; to load it, write in sluice.config.ts defineDataset({ name: '{dataset}', columns: { {key}: 'text' } }), or a better Postgres type",
    remedy:
      "Declare a Postgres type for the column as the message shows, or set the dump's source when another database was meant.",
  },
  DUMP_COLUMNS_DIFFER: {
    kind: 'terminal',
    message:
      '{file}: the records have {count} fields, the descriptor of table {table} lists {described} columns, and no header line tells which',
    remedy:
      "Set the dump's dialect (delimiter, quote, escape) if the records were divided wrongly; else ask the sender for a matching descriptor.",
  },
  DUMP_WITHOUT_DATA: {
    kind: 'terminal',
    message: '{file} holds descriptors, but the data of none of their tables',
    remedy:
      'Ask the sender for the dump again: each <table>.json goes with a <table>.dat, .csv, .txt or .tsv.',
  },
} as const satisfies Catalogue;
