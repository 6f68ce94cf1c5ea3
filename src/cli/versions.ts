import { type CommonOptions, withLedger } from './command.ts';
import { EXIT } from './exit-code.ts';
import { camelCased, printJson, printLine } from './output.ts';

interface VersionsRow {
  dataset: string;
  version: number;
  label: string | null;
  parent_table: string;
  version_table: string;
  columns: { name: string; type: string }[];
  fingerprint: string;
  first_run_id: number;
  folder: string | null;
  rows: number;
  first_file: string | null;
  last_file: string | null;
}

/** Rows as the ledger counts them: those of published loads. */
const READ_VERSIONS = `
  with published as (
    select dataset, version_table, sum(rows_loaded)::bigint as rows,
           (array_agg(file_name order by run_id))[1] as first_file,
           (array_agg(file_name order by run_id desc))[1] as last_file
      from sluice.loads
     where status = 'published' and ($1::text is null or dataset = $1)
     group by dataset, version_table
  )
  select v.*, coalesce(p.rows, 0) as rows, p.first_file, p.last_file
    from sluice.versions v left join published p using (dataset, version_table)
   where $1::text is null or v.dataset = $1
   order by v.dataset, v.version`;

/** `sluice versions [DATASET]`: each version's layout, rows and files, and what changed from the one before. */
export function versions(dataset: string | undefined, options: CommonOptions): Promise<number> {
  return withLedger(options, async ({ pool }) => {
    const { rows } = await pool.query<VersionsRow>(READ_VERSIONS, [dataset ?? null]);
    if (options.json) printJson(camelCased(rows));
    else for (const [at, row] of rows.entries()) printVersion(row, rows[at - 1]);
    return EXIT.ok;
  });
}

function printVersion(row: VersionsRow, before: VersionsRow | undefined): void {
  const label = row.label === null ? '' : ` (${row.label})`;
  printLine(
    `${row.dataset} version ${row.version}${label}: ${row.version_table}, first run ${row.first_run_id}`,
  );
  const folder = row.folder === null ? '' : ` of folder ${row.folder}`;
  const files = row.first_file === row.last_file ? '' : ` to ${row.last_file}`;
  const from = row.first_file === null ? '' : `, from ${row.first_file}${files}`;
  printLine(`  ${row.rows} rows${folder}${from}`);
  printLine(`  ${row.columns.map((column) => `${column.name} ${column.type}`).join(', ')}`);
  if (before?.dataset === row.dataset)
    printLine(`  since version ${before.version}: ${difference(before, row)}`);
}

function difference(before: VersionsRow, after: VersionsRow): string {
  const old = new Map(before.columns.map((column) => [column.name, column.type]));
  const current = new Map(after.columns.map((column) => [column.name, column.type]));
  const parts = [
    ...after.columns.filter(({ name }) => !old.has(name)).map(({ name, type }) => `+${name} ${type}`),
    ...before.columns.filter(({ name }) => !current.has(name)).map(({ name }) => `-${name}`),
    ...after.columns
      .filter(({ name, type }) => old.has(name) && old.get(name) !== type)
      .map(({ name, type }) => `${name} ${old.get(name)} -> ${type}`),
  ];
  return parts.join(', ') || 'the same columns';
}
