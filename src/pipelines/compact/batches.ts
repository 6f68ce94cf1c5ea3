import type { Pool } from 'pg';
import { qualified } from '../../db/identifiers.ts';
import type { TableName } from '../plan/run-plan.ts';
import { segmentSchema } from '../tables/segments.ts';

/** Which segments are old enough to be folded. */
export interface CompactionRule {
  /** Days since they were published. */
  readonly olderThanDays: number;
  /** Newest segments of each version table that stay. */
  readonly keep: number;
}

/** Segments of one version table that are folded into one, together. */
export interface Batch {
  readonly dataset: string;
  readonly versionId: number;
  readonly parent: TableName;
  readonly version: TableName;
  readonly segments: readonly TableName[];
  /** Load jobs whose rows they hold; each has all of its segments here. */
  readonly loadIds: readonly number[];
  /** As the ledger has counted them. */
  readonly rows: number;
  readonly bytes: number;
}

const GIB = 1024 ** 3;
/** Segments of so many bytes stand for themselves: folding them would save few tables, and cost the cheap retract. */
const LARGE_SEGMENT_BYTES = GIB;
/** Bytes of one folded table. */
const MOST_BYTES = 8 * GIB;
/** What was folded before is folded again only among so much that is new, so that a row is copied a few times at most. */
const GROWTH = 2;

/** What the rule says is to be folded, oldest first. Changes nothing. */
export async function planCompaction(
  pool: Pool,
  stagingSchema: string,
  dataset: string | null,
  rule: CompactionRule,
): Promise<Batch[]> {
  const { rows } = await pool.query<LoadRow>(LOADS, [stagingSchema, dataset, rule.olderThanDays]);
  const tables = await segmentTables(pool, stagingSchema);
  const versions = new Map<number, LoadRow[]>();
  for (const row of rows) versions.set(row.version_id, [...(versions.get(row.version_id) ?? []), row]);
  return [...versions.values()].flatMap((loads) => batchesOf(loads, tables, rule.keep));
}

/** Load jobs that share their segments. */
interface Unit {
  readonly names: readonly string[];
  readonly loadIds: number[];
  rows: number;
  readonly bytes: number;
  readonly isOld: boolean;
  /** Folded before. */
  readonly isMerged: boolean;
}

function batchesOf(loads: readonly LoadRow[], tables: ReadonlyMap<string, Segment>, keep: number): Batch[] {
  const units = unitsOf(loads, tables);
  const [first] = loads;
  if (first === undefined) return [];
  const merged = units.filter((unit) => unit.isMerged).sort((a, b) => a.bytes - b.bytes);
  const batches: Unit[][] = [];
  const open: Unit[] = [];
  for (const unit of withoutNewest(
    units.filter((one) => !one.isMerged),
    keep,
  )) {
    if (!unit.isOld || unit.bytes / unit.names.length >= LARGE_SEGMENT_BYTES) continue;
    if (open.length > 0 && sizeOf(open) + unit.bytes > MOST_BYTES) batches.push(open.splice(0));
    open.push(unit);
  }
  if (open.length > 0) batches.push(open);
  return batches
    .map((batch) => withMerged(batch, merged))
    .filter((batch) => namesOf(batch).length > 1)
    .map((batch) => toBatch(first, batch));
}

function unitsOf(loads: readonly LoadRow[], tables: ReadonlyMap<string, Segment>): Unit[] {
  const units = new Map<string, Unit>();
  for (const { load_id, segments, rows_loaded, is_old } of loads) {
    const key = segments.join(' ');
    const known = units.get(key);
    if (known !== undefined) {
      known.loadIds.push(load_id);
      known.rows += rows_loaded;
      continue;
    }
    const found = segments.map((name) => tables.get(name));
    // One that is missing is doctor's business; one that something else refers to cannot be dropped.
    if (found.some((table) => table === undefined || table.is_used)) continue;
    const bytes = found.reduce((sum, table) => sum + (table?.bytes ?? 0), 0);
    const isMerged = segments.some((name) => name.startsWith('m'));
    units.set(key, {
      ...{ names: segments, loadIds: [load_id], rows: rows_loaded, bytes, isOld: is_old, isMerged },
    });
  }
  return [...units.values()];
}

function withoutNewest(units: readonly Unit[], keep: number): Unit[] {
  let newer = 0;
  const rest: Unit[] = [];
  for (const unit of [...units].reverse()) {
    if (newer >= keep) rest.unshift(unit);
    newer += unit.names.length;
  }
  return rest;
}

/** From the smallest on; a table takes part once. */
function withMerged(batch: readonly Unit[], merged: Unit[]): Unit[] {
  const units = [...batch];
  for (const unit of [...merged]) {
    const bytes = sizeOf(units);
    if (unit.bytes > bytes * GROWTH || unit.bytes + bytes > MOST_BYTES) break;
    units.push(unit);
    merged.shift();
  }
  return units;
}

function toBatch(load: LoadRow, units: readonly Unit[]): Batch {
  const schema = load.parent_schema;
  return {
    dataset: load.dataset,
    versionId: load.version_id,
    parent: { schema, name: load.parent_table },
    version: { schema, name: load.table_name },
    segments: namesOf(units).map((name) => ({ schema: segmentSchema(schema), name })),
    loadIds: units.flatMap((unit) => unit.loadIds),
    rows: units.reduce((sum, unit) => sum + unit.rows, 0),
    bytes: sizeOf(units),
  };
}

function sizeOf(units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + unit.bytes, 0);
}

function namesOf(units: readonly Unit[]): string[] {
  return units.flatMap((unit) => unit.names);
}

/** Quoted names, for a statement about all of them. */
export function listOf(tables: readonly TableName[]): string {
  return tables.map(({ schema, name }) => qualified(schema, name)).join(', ');
}

interface LoadRow {
  dataset: string;
  parent_schema: string;
  parent_table: string;
  version_id: number;
  table_name: string;
  load_id: number;
  segments: string[];
  rows_loaded: number;
  is_old: boolean;
}

const LOADS = `
  select d.name as dataset, d.parent_schema, d.parent_table, v.version_id, v.table_name, l.load_id, l.segments, l.rows_loaded,
         l.finished_at <= now() - make_interval(secs => $3::float8 * 86400) as is_old
    from sluice.load_job l join sluice.version v using (version_id) join sluice.dataset d on d.dataset_id = v.dataset_id
   where l.status = 'published' and cardinality(l.segments) > 0 and d.parent_schema = $1 and ($2::text is null or d.name = $2)
   order by d.name, v.version, l.finished_at, l.load_id`;

interface Segment {
  name: string;
  bytes: number;
  /** A view or a foreign key refers to it. */
  is_used: boolean;
}

async function segmentTables(pool: Pool, stagingSchema: string): Promise<Map<string, Segment>> {
  const { rows } = await pool.query<Segment>(SEGMENTS, [segmentSchema(stagingSchema)]);
  return new Map(rows.map((row) => [row.name, row]));
}

const SEGMENTS = `
  select c.relname as name, coalesce(pg_total_relation_size(c.oid), 0)::bigint as bytes,
         exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
                    and d.classid = 'pg_rewrite'::regclass)
           or exists (select from pg_constraint k where k.confrelid = c.oid and k.contype = 'f') as is_used
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind = 'r'`;
