import type pg from 'pg';
import { MADE_BY_SLUICE } from '../db/made-by-sluice.ts';
import { DEPENDENT_OBJECTS, sqlstateOf } from '../db/sqlstate.ts';
import { inTransaction } from '../db/transaction.ts';
import { messageOf, SluiceError } from '../errors.ts';
import { existingSchemas, type SchemaNames, schemasOf } from './ensure-schemas.ts';
import { type DropStatement, dropStatements } from './made-objects.ts';

const LOCK_TIMEOUT_MS = 10_000;

/**
 * Drops everything that Sluice made and nothing else, in one transaction. The schemas stay, and with them their grants
 * and whatever else somebody put there.
 *
 * Throws SCHEMA_NOT_OURS when one of the schemas was not made by Sluice, and SCHEMA_IN_USE when something that Sluice
 * did not make depends on something that it did; then nothing has been dropped.
 */
export async function dropOurs(pool: pg.Pool, names: SchemaNames): Promise<void> {
  await inTransaction(
    pool,
    async (client) => {
      await refuseForeignSchemas(client, names);
      await dropAll(client, await dropStatements(client, names));
    },
    { lockTimeoutMs: LOCK_TIMEOUT_MS },
  );
}

async function refuseForeignSchemas(client: pg.ClientBase, names: SchemaNames): Promise<void> {
  const existing = await existingSchemas(client, schemasOf(names));
  const foreign = [...existing].filter(([, comment]) => !comment?.startsWith(MADE_BY_SLUICE));
  if (foreign.length > 0) {
    throw new SluiceError('SCHEMA_NOT_OURS', { schema: foreign.map(([name]) => name).join(', ') });
  }
}

interface Blocked {
  readonly statement: DropStatement;
  readonly error: unknown;
}

/** Our objects may depend on each other in any order: repeated until none is left, or none can go. */
async function dropAll(client: pg.ClientBase, statements: readonly DropStatement[]): Promise<void> {
  let left = statements;
  while (left.length > 0) {
    const blocked: Blocked[] = [];
    for (const statement of left) {
      const error = await tryDrop(client, statement);
      if (error !== null) blocked.push({ statement, error });
    }
    if (blocked.length === left.length) throw inUse(blocked);
    left = blocked.map(({ statement }) => statement);
  }
}

/** A sequence is also held by those of our own tables that could not go; it counts when nothing else is blocked. */
function inUse(blocked: readonly Blocked[]): SluiceError {
  const others = blocked.filter(({ statement }) => !statement.startsWith('drop sequence'));
  const telling = others.length > 0 ? others : blocked;
  const reason = [...new Set(telling.map(({ error }) => dependentsIn(error)))].join('; ');
  return new SluiceError('SCHEMA_IN_USE', { reason }, telling[0]?.error);
}

/** Without CASCADE Postgres itself refuses to drop what others depend on. Null when dropped. */
async function tryDrop(client: pg.ClientBase, statement: DropStatement): Promise<unknown> {
  await client.query('savepoint one_drop');
  try {
    await client.query(statement);
    await client.query('release savepoint one_drop');
    return null;
  } catch (error) {
    if (sqlstateOf(error) !== DEPENDENT_OBJECTS) throw error;
    await client.query('rollback to savepoint one_drop');
    return error;
  }
}

/** Postgres names the dependents in the detail. */
function dependentsIn(error: unknown): string {
  const detail = error instanceof Error && 'detail' in error ? error.detail : null;
  return typeof detail === 'string' ? detail.replaceAll('\n', '; ') : messageOf(error);
}
