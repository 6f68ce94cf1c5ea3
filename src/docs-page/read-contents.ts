import type { Pool, PoolClient } from 'pg';
import { MADE_BY_SLUICE } from '../db/made-by-sluice.ts';
import { inTransaction } from '../db/transaction.ts';
import { readVersions, type VersionsRow } from '../ledger/read-versions.ts';
import { changedInputs } from '../ledger/stale-models.ts';
import type {
  CheckRow,
  Contents,
  DefinedModel,
  DocumentedColumn,
  DocumentedDataset,
  DocumentedModel,
  ExportRow,
  LoadRow,
  ModelRun,
  Relation,
} from './contents.ts';
import { grouped } from './grouped.ts';

/** How many of the last loads are told. */
const LAST_LOADS = 50;

/** Reads everything in one snapshot, which changes nothing. */
export function readContents(pool: Pool, defined: readonly DefinedModel[]): Promise<Contents> {
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const versions = await readVersions(client, null);
    const { rows: runs } = await client.query<ModelRun>(
      'select * from sluice.models order by name, relation',
    );
    const { rows: loads } = await client.query<LoadRow>(READ_LOADS, [LAST_LOADS]);
    const { rows: checks } = await client.query<CheckRow>(READ_CHECKS);
    const { rows: exports } = await client.query<ExportRow>(READ_EXPORTS);
    const relations = await readRelations(client, [
      ...versions.map(({ parent_table }) => parent_table),
      ...runs.map(({ relation }) => relation),
    ]);
    const datasets = datasetsOf(versions, relations);
    const changed = await changesOf(client, runs);
    const models = modelsOf(defined, runs, relations, changed);
    return { at: new Date(), datasets, models, loads, checks, exports };
  });
}

/** By relation: what has been published or taken back below a model since it was made. */
async function changesOf(
  client: PoolClient,
  runs: readonly ModelRun[],
): Promise<Map<string, readonly string[]>> {
  const schemas = new Set(runs.map(({ relation }) => relation.slice(0, relation.lastIndexOf('.'))));
  const changed = new Map<string, readonly string[]>();
  for (const schema of schemas) {
    for (const [name, datasets] of await changedInputs(client, schema))
      changed.set(`${schema}.${name}`, datasets);
  }
  return changed;
}

const READ_LOADS = `
  select run_id, file_name, entry_name, version_table, status, rows_loaded, rows_rejected, started_at, seconds, error_code
    from sluice.loads order by run_id desc, entry_name limit $1`;

const READ_CHECKS = `
  select subject_kind, subject, name, severity, status, rows_checked, rows_failing, message, checked_at
    from sluice.checks where latest order by subject_kind, subject, check_id`;

const READ_EXPORTS = `
  select distinct on (name) name, source, coalesce(reads, array[source]) as reads, status, file, rows, bytes, taken_at, error_code,
         count(*) filter (where status = 'written') over (partition by name) as files
    from sluice.exports order by name, export_run_id desc`;

const READ_COLUMNS = `
  select nspname || '.' || relname as relation, attname as name, format_type(atttypid, atttypmod) as type,
         col_description(c.oid, attnum) as comment
    from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute a on attrelid = c.oid
   where nspname || '.' || relname = any($1) and attnum > 0 and not attisdropped
   order by relation, attnum`;

const READ_COMMENTS = `
  select nspname || '.' || relname as relation, obj_description(c.oid, 'pg_class') as comment
    from pg_class c join pg_namespace n on n.oid = relnamespace
   where nspname || '.' || relname = any($1) and relkind in ('r', 'p', 'v', 'm', 'f')`;

type Relations = ReadonlyMap<string, Relation>;

async function readRelations(client: PoolClient, names: readonly string[]): Promise<Relations> {
  const { rows: columns } = await client.query<DocumentedColumn>(READ_COLUMNS, [names]);
  const { rows } = await client.query<{ relation: string; comment: string | null }>(READ_COMMENTS, [names]);
  const byRelation = grouped(columns, ({ relation }) => relation);
  return new Map(
    rows.map(({ relation, comment }) => [
      relation,
      { comment: withoutMark(comment), columns: byRelation.get(relation) ?? [] },
    ]),
  );
}

/** What we put in front of a description to know our own tables by. */
function withoutMark(comment: string | null): string | null {
  if (comment === null || !comment.startsWith(MADE_BY_SLUICE)) return comment;
  return comment.slice(MADE_BY_SLUICE.length).replace(/^: /, '') || null;
}

const GONE: Relation = { comment: null, columns: [] };

function datasetsOf(versions: readonly VersionsRow[], relations: Relations): DocumentedDataset[] {
  return [...grouped(versions, ({ dataset }) => dataset)].map(([name, own]) => {
    const parentTable = own[0]?.parent_table ?? '';
    return { name, parentTable, relation: relations.get(parentTable) ?? GONE, versions: own };
  });
}

/** Those that were made, and those that are defined; the built-in example only where it was made. */
function modelsOf(
  defined: readonly DefinedModel[],
  runs: readonly ModelRun[],
  relations: Relations,
  changes: ReadonlyMap<string, readonly string[]>,
): DocumentedModel[] {
  const made = runs.map((run) => {
    const definition = defined.find(({ relation }) => relation === run.relation) ?? null;
    const relation = relations.get(run.relation) ?? GONE;
    const changed = definition === null ? [] : (changes.get(run.relation) ?? []);
    return { name: run.name, relationName: run.relation, relation, defined: definition, run, changed };
  });
  const isNew = ({ relation, builtIn }: DefinedModel) =>
    !builtIn && !runs.some((run) => run.relation === relation);
  const unmade = defined.filter(isNew).map((definition) => {
    const { name, relation } = definition;
    return { name, relationName: relation, relation: GONE, defined: definition, run: null, changed: [] };
  });
  return [...made, ...unmade].sort((a, b) => (a.relationName < b.relationName ? -1 : 1));
}
