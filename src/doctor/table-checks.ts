import { qualified } from '../db/identifiers.ts';
import { type Check, type Finding, type Patient, sqlCheck } from './finding.ts';

/** Checks of the ledger against the tables. */
export const TABLE_CHECKS: readonly Check[] = [
  {
    name: 'I1 rows',
    holds: 'the rows of each run in each version table are as many as the ledger says',
    find: compareRows,
  },
  {
    name: 'I8 tables',
    holds: 'the parent and version tables that the ledger names are there, and inherit',
    find: findMissingTables,
  },
  sqlCheck(
    'I2 segments',
    'every attached segment is in the ledger',
    `select n.nspname || '.' || c.relname as subject, 'it is attached, but no published load job has it' as problem
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind = 'r' and c.relname ~ '^[rm][0-9]+_'
        and exists (select from pg_inherits i where i.inhrelid = c.oid)
        and not exists (select from sluice.load_job l where l.status = 'published' and c.relname = any(l.segments))`,
    'Its rows are visible and nobody accounts for them: detach it (ALTER TABLE … NO INHERIT …) and report it with the log.',
    segmentSchemaOf,
  ),
  sqlCheck(
    'I2 orphans',
    'no segment is left of a load that nobody works on',
    `select n.nspname || '.' || c.relname as subject,
            case when c.relname ~ '^m' then 'a compaction that was interrupted left it; nobody sees its rows'
                 when r.undone_at is not null then 'its run was taken back; nobody sees its rows'
                 else 'a load that was interrupted left it; nobody sees its rows' end as problem
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join sluice.run r on r.run_id = (regexp_match(c.relname, '^r([0-9]+)_'))[1]::bigint
      where n.nspname = $1 and c.relkind = 'r' and c.relname ~ '^[rm][0-9]+_'
        and not exists (select from pg_inherits i where i.inhrelid = c.oid)
        and case when c.relname ~ '^m'
                 then pg_try_advisory_xact_lock(hashtextextended('sluice:compact:' || substring(c.relname from '^m([0-9]+)'), 0))
                 else r.run_id is null or (r.finished_at is not null and coalesce(r.undone_at < now() - interval '1 minute', true)) end`,
    'The next start drops it; `sluice upkeep` does so without one.',
    segmentSchemaOf,
  ),
];

function segmentSchemaOf({ settings }: Patient): unknown[] {
  return [`${settings.stagingSchema}_segments`];
}

interface VersionRow {
  dataset: string;
  version_id: number;
  schema: string;
  parent: string;
  table_name: string;
  parent_there: boolean;
  table_there: boolean;
  inherits: boolean;
}

async function readVersions({ pool }: Patient): Promise<VersionRow[]> {
  const { rows } = await pool.query<VersionRow>(VERSIONS);
  return rows;
}

async function findMissingTables(patient: Patient): Promise<Omit<Finding, 'check'>[]> {
  const remedy =
    'Restore it from a backup; rows that were in it are gone. Then replay the runs that filled it.';
  return (await readVersions(patient)).flatMap((row) => {
    const problem = !row.parent_there
      ? `the parent ${row.schema}.${row.parent} is missing`
      : !row.table_there
        ? 'it is missing'
        : row.inherits
          ? null
          : `it does not inherit from ${row.schema}.${row.parent}`;
    return problem === null ? [] : [{ subject: `${row.schema}.${row.table_name}`, problem, remedy }];
  });
}

/** One snapshot per table: what is published meanwhile is in both counts or in neither. */
async function compareRows(patient: Patient): Promise<Omit<Finding, 'check'>[]> {
  const findings: Omit<Finding, 'check'>[] = [];
  for (const row of await readVersions(patient)) {
    if (!row.table_there) continue;
    const { rows } = await patient.pool.query<{ run_id: number; counted: number; expected: number }>(
      compareSql(qualified(row.schema, row.table_name)),
      [row.version_id],
    );
    for (const { run_id, counted, expected } of rows) {
      const subject = `${row.schema}.${row.table_name}, run ${run_id}`;
      const problem = `${counted} rows, but the ledger says ${expected}`;
      findings.push({ subject, problem, remedy: REMEDY_ROWS });
    }
  }
  for (const parent of await parentsOf(patient)) {
    const { rows } = await patient.pool.query<{ n: number }>(`select count(*) as n from only ${parent}`);
    if ((rows[0]?.n ?? 0) === 0) continue;
    const problem = `${rows[0]?.n} rows stand in the parent itself`;
    findings.push({
      subject: parent,
      problem,
      remedy: 'Somebody inserted them by hand: move them to a table of your own.',
    });
  }
  return findings;
}

const REMEDY_ROWS =
  'Did somebody delete or insert rows by hand? `sluice replay RUN` puts the run back as its file has it; `sluice retract RUN` takes away what is left.';

async function parentsOf(patient: Patient): Promise<string[]> {
  const there = (await readVersions(patient)).filter((row) => row.parent_there);
  return [...new Set(there.map((row) => qualified(row.schema, row.parent)))];
}

function compareSql(table: string): string {
  return `
    with counted as (select _run_id as run_id, count(*) as n from ${table} group by 1),
         expected as (select run_id, sum(rows_loaded)::bigint as n from sluice.load_job
                       where version_id = $1 and status = 'published' group by 1)
    select run_id, coalesce(c.n, 0) as counted, coalesce(e.n, 0) as expected
      from counted c full join expected e using (run_id)
     where coalesce(c.n, 0) <> coalesce(e.n, 0)
     order by run_id`;
}

const VERSIONS = `
  select d.name as dataset, v.version_id, d.parent_schema as schema, d.parent_table as parent, v.table_name,
         p.oid is not null as parent_there, t.oid is not null as table_there,
         exists (select from pg_inherits i where i.inhrelid = t.oid and i.inhparent = p.oid) as inherits
    from sluice.version v
    join sluice.dataset d using (dataset_id)
    left join pg_namespace n on n.nspname = d.parent_schema
    left join pg_class p on p.relnamespace = n.oid and p.relname = d.parent_table
    left join pg_class t on t.relnamespace = n.oid and t.relname = v.table_name
   order by d.name, v.version`;
