import { qualified } from '../../db/identifiers.ts';
import type { LoadPlan, TableName } from '../plan/run-plan.ts';
import { columnDefinition } from './ddl.ts';

/**
 * Statements that make segments filled under one plan fit another, made after somebody else has changed the dataset:
 * they get the columns that their version table has gained. Null when values would have to be read anew.
 */
export function fitSegments(
  filled: LoadPlan,
  fresh: LoadPlan,
  segments: readonly TableName[],
): string[] | null {
  if (!sameReading(filled, fresh)) return null;
  const there = new Map(filled.tableColumns.map((column) => [column.name, column.type]));
  const wanted = new Map(fresh.tableColumns.map((column) => [column.name, column.type]));
  for (const [name, type] of there) if (wanted.get(name) !== type) return null;
  const missing = fresh.tableColumns.filter((column) => !there.has(column.name));
  return segments.flatMap(({ schema, name }) =>
    missing.map(
      (column) =>
        `ALTER TABLE ${qualified(schema, name)} ADD COLUMN ${columnDefinition(column.name, column.type)}`,
    ),
  );
}

/** Every field goes to the same column, as the same type. */
function sameReading(a: LoadPlan, b: LoadPlan): boolean {
  const reading = (plan: LoadPlan) =>
    JSON.stringify(plan.columns.map(({ name, type, discarded }) => [name, type, discarded]));
  return reading(a) === reading(b);
}
