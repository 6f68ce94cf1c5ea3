import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from '../db/identifiers.ts';
import { MADE_BY_SLUICE, segmentsSchema } from '../db/made-by-sluice.ts';
import { BOOKKEEPING_SCHEMA } from '../entities/bookkeeping-schema.ts';

export interface SchemaNames {
  readonly stagingSchema: string;
  readonly dwSchema: string;
}

/** The schemas Sluice works in, each once. */
export function schemasOf({ stagingSchema, dwSchema }: SchemaNames): string[] {
  return [...new Set([BOOKKEEPING_SCHEMA, stagingSchema, segmentsSchema(stagingSchema), dwSchema])];
}

/** Of `names`, those that exist, each with its comment. */
export async function existingSchemas(
  client: pg.ClientBase | pg.Pool,
  names: readonly string[],
): Promise<Map<string, string | null>> {
  const { rows } = await client.query<{ name: string; comment: string | null }>(
    "select nspname as name, obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = any($1)",
    [names],
  );
  return new Map(rows.map((row) => [row.name, row.comment]));
}

/**
 * Makes the schemas that are missing and marks them as ours. Existing ones are used as they are. They are looked up
 * first because IF NOT EXISTS asks for the right to create schemas even where nothing is to be created.
 */
export async function ensureSchemas(client: pg.ClientBase, names: readonly string[]): Promise<void> {
  const existing = await existingSchemas(client, names);
  for (const name of names.filter((wanted) => !existing.has(wanted))) {
    await client.query(`create schema ${quoteIdentifier(name)}`);
    await client.query(`comment on schema ${quoteIdentifier(name)} is ${quoteLiteral(MADE_BY_SLUICE)}`);
  }
}
