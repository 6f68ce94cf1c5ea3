import type { Catalogue } from './entry.ts';

/** Models, transforms and exports. */
export const WAREHOUSE_ERRORS = {
  MODEL_INVALID: {
    kind: 'terminal',
    message: '{file}, line {line}: {reason}',
    remedy: 'Correct the model; docs/warehouse.md describes header and references. No model has been run.',
  },
  MODEL_REFERENCE_UNKNOWN: {
    kind: 'terminal',
    message: '{file}, line {line}: {reference} is unknown: there is no {kind} of that name',
    remedy:
      'Correct the name. A dataset is known once a file of it was published, or when sluice.config.ts declares it. No model has been run.',
  },
  MODEL_CYCLE: {
    kind: 'terminal',
    message: '{file}, line {line}: models depend on each other in a circle: {cycle}',
    remedy: 'Take one of the references out of the circle. No model has been run.',
  },
  MODEL_UNKNOWN: {
    kind: 'terminal',
    message: 'there is no model {model}',
    remedy: 'Correct the name, or add the model to WAREHOUSE_DIR or sluice.config.ts.',
  },
  MODEL_FAILED: {
    kind: 'terminal',
    message: 'model {model} ({file}, line {line}), {statement}: {reason}',
    remedy:
      'Correct the model or the data it names. The previous state of the warehouse stands; the next transform tries again.',
  },
  MODEL_CHECK_FAILED: {
    kind: 'terminal',
    message: 'model {model} ({file}, line {line}) does not pass its checks: {reason}',
    remedy:
      'The previous state stands. `sluice checks MODEL --rows` shows failing rows; correct the data, the model or the check. The next transform tries again.',
  },
  MODEL_CHECK_HELD: {
    kind: 'terminal',
    message: 'model {model} ({file}, line {line}) is held by its checks: {reason}',
    remedy:
      'The previous state stands. `sluice checks MODEL --rows` shows failing rows; `sluice transform --release MODEL` takes the new state all the same.',
  },
  BASE_INVALID: {
    kind: 'terminal',
    message: '{file}, line {line}: {reason}',
    remedy: 'Correct the file of base data; docs/warehouse.md describes it. No model has been run.',
  },
  BASE_ROW_IN_USE: {
    kind: 'terminal',
    message: '{file} has lost rows that {model} refers to: {column} = {values}',
    remedy:
      'Put the rows back, or take out first what refers to them. The previous state of the table and of its group stands.',
  },
  MODEL_NOT_OURS: {
    kind: 'terminal',
    message: 'model {model}: {relation} exists and was not made by Sluice',
    remedy: 'Give the model another name, or move what is there out of the way.',
  },
  MODEL_IN_USE: {
    kind: 'terminal',
    message: 'model {model} has other columns now, and something of yours depends on the old ones: {reason}',
    remedy:
      'Drop what depends on them, run `sluice transform`, and make it again. Until then the old state stands.',
  },
  EXPORT_UNKNOWN: {
    kind: 'terminal',
    message: 'export {export}: there is no such export, model, table or view',
    remedy: 'Correct the name: a model, staging.DATASET, schema.table, or an export of sluice.config.ts.',
  },
  EXPORT_FAILED: {
    kind: 'terminal',
    message: 'export {export}: {reason}',
    remedy:
      'Correct the query, or what keeps the file from being written. What lay there before is unchanged.',
  },
  EXPORT_MISCOUNTED: {
    kind: 'transient',
    message: 'export {export}: {rows} rows were written, but {counted} are counted in the same snapshot',
    remedy:
      'Run it again: a large file was published meanwhile, or the query gives other rows each time (random(), LIMIT without ORDER BY). What lay there before is unchanged.',
  },
  EXPORT_RUNNING: {
    kind: 'transient',
    message: 'another process is writing {file}',
    remedy: 'Wait for it, or choose another file.',
  },
  EXPORT_FORMAT_MISSING: {
    kind: 'terminal',
    message:
      'export {export}: Parquet is written by the package @duckdb/node-api, which cannot be loaded: {reason}',
    remedy: 'Install it: `npm install`, without --omit=optional. Or choose another format.',
  },
  EXPORT_LOST: {
    kind: 'terminal',
    message:
      'export {export}: {file} was complete when the process ended, and is neither there nor under its temporary name',
    remedy:
      'Its rows come again in the next file of the export; `repeats` in the manifest of that names the lost one. Whoever has taken it away keeps only one of the two.',
  },
  TRANSFORM_STOPPED: {
    kind: 'transient',
    message: 'the transform was stopped before it was done',
    remedy: 'Nothing to do: the next start, or the next transform, brings the warehouse up to date.',
  },
} as const satisfies Catalogue;
