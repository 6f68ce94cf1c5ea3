import { createHash } from 'node:crypto';
import { Cron } from 'croner';
import type { Materialization } from '../../config/define.ts';
import { quoteIdentifier } from '../../db/identifiers.ts';
import { lineAt, scanSql } from '../../db/scan-sql.ts';
import { messageOf, SluiceError } from '../../errors.ts';
import { identifierFrom } from '../../naming.ts';
import { followsRunsAs, type Model, type PlacedReference, type Reference } from './model.ts';
import { referencesOfChecks, toChecks, type WrittenCheck } from './model-checks.ts';

/** A model as it was written, by whatever means. */
export interface ModelText {
  readonly file: string;
  readonly sql: string;
  /** Line of the file on which `sql` begins. */
  readonly firstLine: number;
  /** Lines of the options. */
  readonly lines: ReadonlyMap<string, number>;
  readonly builtIn: boolean;
  readonly name: string;
  readonly materialized: string | null;
  readonly key: readonly string[];
  readonly id: string | null;
  readonly rowHash: string | null;
  readonly notNull: readonly string[];
  /** Column and `model.column`. */
  readonly references: readonly (readonly string[])[];
  readonly deleteWhen: string | null;
  readonly validFrom: string | null;
  /** A column of the statement, or `staging.DATASET.COLUMN` without one. */
  readonly dimension: string | null;
  readonly source: string | null;
  readonly depends: readonly string[];
  readonly schedule: string | null;
  readonly checks: readonly WrittenCheck[];
  readonly description: string | null;
}

const MATERIALIZATIONS: readonly Materialization[] = [
  'view',
  'table',
  'incremental',
  'merge',
  'scd2',
  'dimension',
];
/** Leaves room for the names of what is made beside it. */
const LONGEST_NAME_BYTES = 48;

/** Options by the materialisations that they mean something to. */
const MEANT_FOR: Readonly<Record<string, readonly Materialization[]>> = {
  key: ['table', 'incremental', 'merge', 'scd2'],
  id: ['table'],
  row_hash: ['merge'],
  not_null: ['table', 'incremental', 'merge', 'scd2'],
  references: ['table', 'incremental', 'merge', 'scd2'],
  delete_when: ['merge', 'scd2'],
  valid_from: ['scd2'],
  source: ['incremental', 'merge', 'scd2'],
  dimension: ['dimension'],
};

/** Checks a model by itself, without looking at others. Throws MODEL_INVALID with file and line. */
export function toModel(given: ModelText): Model {
  const text = withStatement(given);
  const { file, sql, firstLine } = text;
  const scanned = scanSql(sql);
  const statementLine = firstLine - 1 + lineAt(sql, scanned.start);
  const lineOf = (option: string) => text.lines.get(option) ?? statementLine;
  const refuse = (line: number, reason: string): never => {
    throw new SluiceError('MODEL_INVALID', { file, line, reason });
  };
  const lineOfOffset = (offset: number) => firstLine - 1 + lineAt(sql, offset);
  if (scanned.unclosed !== null) refuse(lineOfOffset(scanned.unclosed), 'a quote or comment is never closed');
  if (scanned.end === 0) refuse(statementLine, 'there is no statement');
  const inside = scanned.semicolons.find((at) => at < scanned.end);
  if (inside !== undefined) refuse(lineOfOffset(inside), 'a model is one SELECT; this semicolon ends it');
  if (!isModelName(text.name)) {
    refuse(
      lineOf('name'),
      `${text.name} is not a name for a model; allowed are up to ${LONGEST_NAME_BYTES} bytes of lower-case letters, digits and _`,
    );
  }
  const reference = (written: string, line: number): Reference => {
    const found = /^(staging|warehouse)\s*\.\s*(.+)$/su.exec(written);
    if (found === null) {
      return refuse(line, `${written} is not a reference; write staging.DATASET or warehouse.MODEL`);
    }
    return { kind: found[1] as Reference['kind'], name: found[2] ?? '', line };
  };
  const placeholders: PlacedReference[] = scanned.placeholders.map(({ text: inner, start, end }) => ({
    ...reference(inner, lineOfOffset(start)),
    ...{ start, end },
  }));
  const options = optionsOf(text, refuse, lineOf);
  const checks = toChecks(text.checks, refuse);
  const model = {
    ...options,
    ...{ checks, checked: referencesOfChecks(checks, reference) },
    ...{ name: text.name, file, firstLine, placeholders, builtIn: text.builtIn, lineOf },
    ...{ isBase: false, base: null },
    sql: sql.slice(0, scanned.end),
    depends: text.depends.map((item) => reference(item, lineOf('depends'))),
    source: followsRunsAs(options.materialized)
      ? sourceOf(text, placeholders, reference, refuse, lineOf)
      : null,
  };
  return { ...model, hash: hashOf(model, scanned.start) };
}

/** A dimension that names its column in full needs no statement. */
function withStatement(text: ModelText): ModelText {
  const { dimension, sql } = text;
  if (dimension === null) return text;
  const materialized = text.materialized ?? 'dimension';
  const [, relation, column] = /^((?:staging|warehouse)\.[^.]+)\.([^.]+)$/su.exec(dimension) ?? [];
  if (relation === undefined || column === undefined || scanSql(sql).end > 0)
    return { ...text, materialized };
  const firstLine = text.lines.get('dimension') ?? text.firstLine;
  const statement = `select ${quoteIdentifier(column)} from {{ ${relation} }}`;
  return { ...text, materialized, sql: statement, firstLine, dimension: column };
}

type Refuse = (line: number, reason: string) => never;
type LineOf = (option: string) => number;

type Options = Pick<
  Model,
  | 'materialized'
  | 'key'
  | 'id'
  | 'rowHash'
  | 'notNull'
  | 'foreignKeys'
  | 'deleteWhen'
  | 'validFrom'
  | 'dimension'
  | 'schedule'
  | 'description'
>;

function optionsOf(text: ModelText, refuse: Refuse, lineOf: LineOf): Options {
  const materialized = MATERIALIZATIONS.find((known) => known === (text.materialized ?? 'view'));
  if (materialized === undefined) {
    return refuse(
      lineOf('materialized'),
      `${text.materialized} is not a materialisation; allowed are ${MATERIALIZATIONS.join(', ')}`,
    );
  }
  const { key, id, rowHash, deleteWhen, validFrom, source, references, notNull, dimension } = text;
  const given = {
    ...{ key, id, row_hash: rowHash, not_null: notNull, references },
    ...{ delete_when: deleteWhen, valid_from: validFrom, source, dimension },
  };
  for (const [option, value] of Object.entries(given)) {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== null;
    if (isGiven && !MEANT_FOR[option]?.includes(materialized)) {
      refuse(lineOf(option), `${option} means nothing to a ${materialized}`);
    }
  }
  if (materialized === 'dimension' && dimension === null) {
    refuse(
      lineOf('materialized'),
      'a dimension needs the option dimension: the column whose values it numbers',
    );
  }
  if (materialized === 'scd2' && key.length === 0) refuse(lineOf('materialized'), 'scd2 needs a key');
  if (materialized === 'merge' && (key.length === 0) === (rowHash === null)) {
    refuse(lineOf('materialized'), 'merge needs either a key or a row_hash');
  }
  if (id !== null && key.length === 0)
    refuse(lineOf('id'), 'an id needs a key: it belongs to a row that stays');
  refuseSchedule(text.schedule, refuse, lineOf);
  return {
    ...{ materialized, id, rowHash, notNull, deleteWhen, validFrom, dimension, schedule: text.schedule },
    key: rowHash === null ? key : [rowHash],
    foreignKeys: references.map((parts) => foreignKeyOf(parts, refuse, lineOf)),
    description: text.description,
  };
}

function foreignKeyOf(parts: readonly string[], refuse: Refuse, lineOf: LineOf) {
  const [column = '', to = ''] = parts;
  const [model = '', target = ''] = to.split('.');
  if (column === '' || model === '' || target === '') {
    refuse(lineOf('references'), 'a foreign key is written column -> model.column');
  }
  return { column, model, target };
}

function refuseSchedule(schedule: string | null, refuse: Refuse, lineOf: LineOf): void {
  if (schedule === null || schedule === 'manual') return;
  try {
    new Cron(schedule, { paused: true }).stop();
  } catch (error) {
    refuse(lineOf('schedule'), `${schedule} is neither manual nor a cron pattern: ${messageOf(error)}`);
  }
}

/** The one reference that is read by runs: the only one there is, or the one that is named. */
function sourceOf(
  text: ModelText,
  placeholders: readonly PlacedReference[],
  reference: (written: string, line: number) => Reference,
  refuse: Refuse,
  lineOf: LineOf,
): Reference | null {
  // It reads everything where runs cannot be told apart: no value comes twice.
  if (text.materialized === 'dimension' && !readsOneDataset(placeholders)) return null;
  const same = (a: Reference) => (b: Reference) => a.kind === b.kind && a.name === b.name;
  if (text.source !== null) {
    const named = reference(text.source, lineOf('source'));
    const found = placeholders.find(same(named));
    return found ?? refuse(lineOf('source'), `the statement does not read {{ ${text.source} }}`);
  }
  const staging = placeholders.filter((one) => one.kind === 'staging');
  const candidates = staging.length > 0 ? staging : placeholders;
  const [first] = candidates;
  if (first === undefined) return refuse(lineOf('materialized'), 'the statement reads nothing that has runs');
  if (!candidates.every(same(first))) {
    refuse(
      lineOf('materialized'),
      'the statement reads several tables; say with source which one is followed',
    );
  }
  return first;
}

function readsOneDataset(placeholders: readonly Reference[]): boolean {
  return (
    placeholders.length > 0 &&
    placeholders.every(({ kind, name }) => kind === 'staging' && name === placeholders[0]?.name)
  );
}

/** Comments and the place in the file do not count; options do. */
function hashOf(model: Omit<Model, 'hash'>, start: number): string {
  const { name, materialized, key, id, rowHash, notNull, foreignKeys, deleteWhen, validFrom, source } = model;
  const parts = [name, materialized, key, id, rowHash, notNull, foreignKeys, deleteWhen, validFrom];
  const hash = createHash('sha256').update(JSON.stringify([...parts, source?.kind, source?.name]));
  if (model.dimension !== null) hash.update(model.dimension);
  return hash.update(model.sql.slice(start)).digest('hex');
}

function isModelName(name: string): boolean {
  return name !== '' && identifierFrom(name) === name && Buffer.byteLength(name) <= LONGEST_NAME_BYTES;
}
