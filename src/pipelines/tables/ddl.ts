import { fitIdentifier, qualified, quoteIdentifier } from '../../db/identifiers.ts';
import type { LayoutChange, TableColumn, TableName } from '../plan/run-plan.ts';

/** Setting from which rows of small loads take their `_run_id`. */
export const RUN_ID_SETTING = 'sluice.run_id';

/** Statements that make or change the parent and existing version tables. */
export function layoutDdl(
  parent: TableName,
  version: TableName,
  columns: readonly TableColumn[],
  changes: readonly LayoutChange[],
): string[] {
  const isNew = changes.some((change) => change.kind === 'newVersion');
  return changes.flatMap((change) => {
    if (change.kind === 'newDataset') return [createParent(qualified(parent.schema, parent.name), columns)];
    // A new version table is made with its own columns.
    if (change.kind === 'newColumn' && (change.on === 'parent' || !isNew)) {
      const { schema, name } = change.on === 'parent' ? parent : version;
      const table = qualified(schema, name);
      return [`ALTER TABLE ${table} ADD COLUMN ${columnDefinition(change.column, change.type)}`];
    }
    if (change.kind === 'widenType')
      return [widenColumn(qualified(change.table.schema, change.table.name), change.column, change.to)];
    return [];
  });
}

function createParent(table: string, columns: readonly TableColumn[]): string {
  const definitions = columns.map((column) => columnDefinition(column.name, column.type));
  return `CREATE TABLE ${table} (${[...definitions, ...OWN_COLUMNS].join(', ')})`;
}

export const OWN_COLUMNS = ['_run_id bigint NOT NULL', '_row bigint NOT NULL'];

/** The same changes of columns on a table that stands apart from its parent yet. */
export function changeDdl(table: string, changes: readonly LayoutChange[]): string[] {
  return changes.flatMap((change) => {
    if (change.kind === 'newColumn') {
      return [`ALTER TABLE ${table} ADD COLUMN ${columnDefinition(change.column, change.type)}`];
    }
    return change.kind === 'widenType' ? [widenColumn(table, change.column, change.to)] : [];
  });
}

export function widenColumn(table: string, column: string, type: string): string {
  const name = quoteIdentifier(column);
  return `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type} USING ${name}::${type}`;
}

/**
 * Statements that make a version table. `_run_id` and `_row` are defaults, so that a file's bytes can be copied
 * untouched. The sequence is set at the start of each block; nothing depends on its value after a crash. It is logged
 * all the same: an unlogged one that is being made when the server is killed can keep the server from recovering.
 */
export function createVersion(
  parent: TableName,
  version: TableName,
  ownColumns: readonly TableColumn[],
): string[] {
  const table = qualified(version.schema, version.name);
  const sequence = rowSequence(version);
  const own = ownColumns.map((column) => columnDefinition(column.name, column.type)).join(', ');
  return [
    `CREATE TABLE ${table} (${own}) INHERITS (${qualified(parent.schema, parent.name)})`,
    `CREATE SEQUENCE ${sequence} CACHE 1000 OWNED BY ${table}._row`,
    `ALTER TABLE ${table} ALTER _run_id SET DEFAULT current_setting('${RUN_ID_SETTING}')::bigint, ` +
      `ALTER _row SET DEFAULT nextval('${sequence.replaceAll("'", "''")}')`,
    `CREATE INDEX ON ${table} USING brin (_run_id)`,
  ];
}

/** The sequence behind a table's `_row`, quoted. */
export function rowSequence(table: TableName): string {
  return qualified(table.schema, fitIdentifier(table.name, '__row'));
}

export function columnDefinition(name: string, type: string): string {
  return `${quoteIdentifier(name)} ${type}`;
}
