import type { Pool, PoolClient } from 'pg';
import { sqlstateOf, UNDEFINED_TABLE } from '../../db/sqlstate.ts';
import { SluiceError } from '../../errors.ts';
import type { TableColumn, TableName } from '../plan/run-plan.ts';
import { sameType, shortType } from './type-names.ts';

/** A dataset as the ledger and the tables have it. */
export interface KnownDataset {
  /** Null when an earlier load job of the same run is going to make it. */
  readonly datasetId: number | null;
  readonly revision: number;
  /** An earlier load job of the same run is going to change it. */
  readonly pending: boolean;
  readonly parent: TableName;
  readonly columns: readonly TableColumn[];
  readonly versions: readonly KnownVersion[];
}

export interface KnownVersion {
  /** Null when an earlier load job of the same run is going to make it. */
  readonly versionId: number | null;
  readonly version: number;
  readonly tableName: string;
  readonly label: string | null;
  /** The folder whose files alone it holds; null when it holds files of any folder. */
  readonly folder: string | null;
  /** Columns of the files that made this version, in their order. */
  readonly layout: readonly TableColumn[];
  /** Columns of the table, with what it inherits. */
  readonly columns: readonly TableColumn[];
}

/** Reads a dataset. Types come from Postgres's own catalogue, for somebody may have altered a table by hand. */
export async function readDataset(client: Pool | PoolClient, dataset: string): Promise<KnownDataset | null> {
  return readDatasetRow(client, dataset).catch((error: unknown) => {
    // No bookkeeping yet: `sluice plan` on a database that Sluice has not seen.
    if (sqlstateOf(error) === UNDEFINED_TABLE) return null;
    throw error;
  });
}

async function readDatasetRow(client: Pool | PoolClient, dataset: string): Promise<KnownDataset | null> {
  const { rows } = await client.query<DatasetRow>(READ_DATASET, [dataset]);
  const row = rows[0];
  if (row === undefined) return null;
  const parent = { schema: row.parent_schema, name: row.parent_table };
  return {
    datasetId: row.dataset_id,
    revision: row.revision,
    pending: false,
    parent,
    columns: withTableTypes(row.columns, row.real_columns, `${parent.schema}.${parent.name}`),
    versions: row.versions.map((version) => ({
      versionId: version.version_id,
      version: version.version,
      tableName: version.table_name,
      label: version.label,
      folder: version.folder,
      layout: version.columns,
      columns: withTableTypes(
        unionByName(row.columns, version.columns),
        version.real_columns,
        `${parent.schema}.${version.table_name}`,
      ),
    })),
  };
}

/** Names of our tables and views that begin like `dataset`'s own do. */
export async function readTakenNames(client: Pool | PoolClient, dataset: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(TAKEN_NAMES, [dataset]).catch((error: unknown) => {
    if (sqlstateOf(error) === UNDEFINED_TABLE) return { rows: [] };
    throw error;
  });
  return new Set(rows.map((row) => row.name));
}

/** True when a relation of that name exists. */
export async function tableExists(client: Pool | PoolClient, table: TableName): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2',
    [table.schema, table.name],
  );
  return rowCount === 1;
}

function unionByName(first: readonly TableColumn[], second: readonly TableColumn[]): TableColumn[] {
  const names = new Set(first.map((column) => column.name));
  return [...first, ...second.filter((column) => !names.has(column.name))];
}

function withTableTypes(
  columns: readonly TableColumn[],
  real: Readonly<Record<string, string>> | null,
  table: string,
): TableColumn[] {
  if (real === null) throw new SluiceError('TABLE_MISSING', { table });
  return columns.flatMap((column) => {
    const type = shortType(real[column.name] ?? '');
    if (type === '') return [];
    return [{ ...column, type, declared: column.declared || !sameType(type, column.type) }];
  });
}

interface DatasetRow {
  dataset_id: number;
  revision: number;
  parent_schema: string;
  parent_table: string;
  columns: TableColumn[];
  real_columns: Record<string, string> | null;
  versions: {
    version_id: number;
    version: number;
    table_name: string;
    label: string | null;
    folder: string | null;
    columns: TableColumn[];
    real_columns: Record<string, string> | null;
  }[];
}

const REAL_COLUMNS = `
  select json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

const READ_DATASET = `
  select d.dataset_id, d.revision, d.parent_schema, d.parent_table, d.columns,
         (${REAL_COLUMNS} where n.nspname = d.parent_schema and c.relname = d.parent_table) as real_columns,
         coalesce((
           select json_agg(json_build_object(
                    'version_id', v.version_id, 'version', v.version, 'table_name', v.table_name, 'columns', v.columns,
                    'label', v.label, 'folder', v.folder,
                    'real_columns', (${REAL_COLUMNS} where n.nspname = d.parent_schema and c.relname = v.table_name))
                  order by v.version, v.version_id)
             from sluice.version v where v.dataset_id = d.dataset_id), '[]') as versions
    from sluice.dataset d
   where d.name = $1`;

const TAKEN_NAMES = `
  select parent_table as name from sluice.dataset where starts_with(parent_table, $1)
  union all select parent_table || '__all' from sluice.dataset where starts_with(parent_table, $1)
  union all select table_name from sluice.version where starts_with(table_name, $1)
  union all select $1 || '__all'`;
