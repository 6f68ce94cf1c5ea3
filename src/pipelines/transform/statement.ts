import { toSluiceError } from '../../db/database-error.ts';
import { lineAt, scanSql } from '../../db/scan-sql.ts';
import { codeOf, sqlstateOf } from '../../db/sqlstate.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import type { Model, PlacedReference } from './model.ts';

/** A model's statement with its references filled in, ready to be read from. */
export interface ModelStatement {
  readonly model: Model;
  /** Has the lines of the model's own text. */
  readonly sql: string;
}

/** Fills in what each reference stands for. */
export function fillIn(model: Model, relation: (reference: PlacedReference) => string): ModelStatement {
  let sql = '';
  let at = 0;
  for (const placed of model.placeholders) {
    sql += model.sql.slice(at, placed.start) + relation(placed);
    at = placed.end;
  }
  return { model, sql: sql + model.sql.slice(at) };
}

/** The statement as a table expression `q`; what stands in it can only read. */
export function subquery({ sql }: ModelStatement): string {
  return `(\n${sql}\n) q`;
}

/**
 * The catalogue error for what Postgres said while `sent` was run for a model: with the line of the model's file, when
 * Postgres names a place in the model's own text. What waiting can cure stays as it is.
 */
export function modelError(
  error: unknown,
  statement: { readonly model: Model; readonly sql?: string },
  doing: string,
  sent?: string,
): unknown {
  const { model } = statement;
  if (error instanceof SluiceError) return error;
  const problem = toSluiceError(error, { table: model.name });
  const isTheirs = sqlstateOf(error) !== null && problem.code === 'DATABASE_REFUSED';
  if (!isTheirs) return problem;
  const own = statement.sql ?? model.sql;
  const line = model.firstLine - 1 + lineAt(own, placeIn(error, own, sent) ?? scanSql(own).start);
  const reason = [messageOf(error), textOf(error, 'detail'), textOf(error, 'hint')]
    .filter(Boolean)
    .join('; ');
  return new SluiceError(
    'MODEL_FAILED',
    { model: model.name, file: model.file, line, statement: doing, reason, sqlstate: codeOf(error) },
    error,
  );
}

/** Offset in `own` of the place that Postgres names in `sent`, which contains `own`. Postgres counts characters. */
function placeIn(error: unknown, own: string, sent: string | undefined): number | null {
  const position = Number(textOf(error, 'position'));
  const start = sent?.indexOf(own) ?? -1;
  if (sent === undefined || start < 0 || !(position > 0)) return null;
  let offset = 0;
  let left = position - 1;
  for (const character of sent) {
    if (left-- === 0) break;
    offset += character.length;
  }
  return offset < start || offset > start + own.length ? null : offset - start;
}

function textOf(error: unknown, name: string): string | null {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : null;
}
