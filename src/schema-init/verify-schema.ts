import type pg from 'pg';
import type { DataSource, EntityMetadata } from 'typeorm';
import { SluiceError } from '../errors.ts';
import { withDataSource } from './data-source.ts';
import { existingSchemas } from './ensure-schemas.ts';

/**
 * Compares what the entities describe with what the database has, changing nothing.
 * Throws SCHEMA_MISSING with everything that is missing.
 */
export async function verifySchema(pool: pg.Pool, url: string, schemas: readonly string[]): Promise<void> {
  const existing = await existingSchemas(pool, schemas);
  const missing = schemas.filter((name) => !existing.has(name)).map((name) => `schema ${name}`);
  const found = await catalogue(pool, schemas);
  missing.push(...(await expected(url)).filter((object) => !found.has(object)));
  if (missing.length > 0) throw new SluiceError('SCHEMA_MISSING', { missing: outermost(missing).join(', ') });
}

function expected(url: string): Promise<string[]> {
  return withDataSource(url, async (source: DataSource) => source.entityMetadatas.flatMap(objectsOf));
}

function objectsOf(entity: EntityMetadata): string[] {
  const kind = entity.tableType === 'view' ? 'view' : 'table';
  return [
    `${kind} ${entity.tablePath}`,
    ...entity.columns.map((column) => `column ${entity.tablePath}.${column.databaseName}`),
    ...entity.indices.map((index) => `index ${entity.tablePath}.${index.name}`),
    ...entity.checks.map((check) => `constraint ${entity.tablePath}.${check.name}`),
  ];
}

async function catalogue(pool: pg.Pool, schemas: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ object: string }>(
    `with relation as (
      select c.oid, c.relkind, n.nspname || '.' || c.relname as path
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any($1)
    )
    select case when relkind in ('v', 'm') then 'view ' else 'table ' end || path as object
    from relation where relkind in ('r', 'p', 'v', 'm')
    union all
    select 'column ' || path || '.' || attname from relation join pg_attribute on attrelid = oid
    where attnum > 0 and not attisdropped
    union all
    select 'index ' || path || '.' || c.relname
    from relation join pg_index on indrelid = relation.oid join pg_class c on c.oid = indexrelid where indisvalid
    union all
    select 'constraint ' || path || '.' || conname from relation join pg_constraint on conrelid = relation.oid`,
    [schemas],
  );
  return new Set(rows.map((row) => row.object));
}

/** A missing table says enough: its columns and indexes are left out of the message. */
function outermost(missing: readonly string[]): string[] {
  const tables = missing
    .filter((object) => /^(table|view) /.test(object))
    .map((object) => object.split(' ')[1]);
  return missing.filter((object) => {
    const path = object.split(' ')[1] ?? '';
    return !tables.some((table) => path.startsWith(`${table}.`));
  });
}
