import type { Pool } from 'pg';

interface NamedColumn {
  readonly name: string;
  readonly type: string;
}

/** One time that a model was made or could not be, as it is told to a lineage service. */
export interface ToldModelRun {
  /** With its schema, as all tables here. */
  readonly table: string;
  readonly materialized: string;
  readonly columns: readonly NamedColumn[] | null;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly error: string | null;
  readonly rowsWritten: number;
  /** Parent tables of the datasets below it. */
  readonly inputs: readonly string[];
}

/** Columns of version tables, by schema and name. */
export async function versionColumns(
  pool: Pool,
  tables: readonly string[],
): Promise<Map<string, readonly NamedColumn[]>> {
  if (tables.length === 0) return new Map();
  const { rows } = await pool.query<{ name: string; columns: NamedColumn[] }>(
    `select d.parent_schema || '.' || v.table_name as name, v.columns
       from sluice.version v join sluice.dataset d using (dataset_id)
      where d.parent_schema || '.' || v.table_name = any($1)`,
    [tables],
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** The last run of each of these models. */
export async function lastModelRuns(
  pool: Pool,
  schema: string,
  models: readonly string[],
): Promise<ToldModelRun[]> {
  const { rows } = await pool.query<ToldModelRun>(
    `select distinct on (m.model_id) m.schema_name || '.' || m.name as table, m.materialized, m.columns,
            r.started_at as "startedAt", r.finished_at as "finishedAt",
            r.error_code || ': ' || r.error_message as error,
            r.rows_inserted + r.rows_updated as "rowsWritten",
            coalesce((select json_agg(d.parent_schema || '.' || d.parent_table order by d.name)
                        from jsonb_object_keys(m.inputs) k join sluice.dataset d on d.name = k), '[]') as inputs
       from sluice.model m join sluice.model_run r using (model_id)
      where m.schema_name = $1 and m.name = any($2)
      order by m.model_id, r.model_run_id desc`,
    [schema, models],
  );
  return rows;
}
