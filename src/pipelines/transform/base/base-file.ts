import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { CsvError, parse } from 'csv-parse/sync';
import { SluiceError } from '../../../errors.ts';
import { identifierFrom } from '../../../naming.ts';
import { ColumnEvidence, inferType } from '../../inference/infer-types.ts';

export interface BaseColumn {
  /** As an identifier. */
  readonly name: string;
  /** The narrowest type that holds every value. */
  readonly type: string;
}

/** What a table of base data is made from. */
export interface BaseFile {
  /** Shown in messages. */
  readonly file: string;
  readonly path: string;
  readonly columns: readonly BaseColumn[];
  /** Of the bytes. */
  readonly sha256: string;
}

/** A value; null for a field with nothing in it, not even quotes. */
type Value = string | null;

const DELIMITERS = [',', ';', '\t', '|'];

/** What is known of files that have not changed since: they are looked at before each transform. */
const known = new Map<string, { readonly state: string; readonly base: BaseFile }>();

/** Reads head and types of a CSV file. Throws BASE_INVALID with file and line. */
export async function readBaseFile(path: string, file: string): Promise<BaseFile> {
  const { size, mtimeMs, ino } = await stat(path);
  const state = [size, mtimeMs, ino].join(':');
  const before = known.get(path);
  if (before?.state === state) return before.base;
  const bytes = await readFile(path);
  const { names, records } = parseBase(bytes, file);
  const evidence = names.map(() => new ColumnEvidence());
  for (const record of records) {
    for (const [at, column] of evidence.entries()) {
      const value = record[at] ?? null;
      column.observe({ value: value ?? '', quoted: value !== null }, '');
    }
  }
  const columns = names.map((name, at) => ({ name, type: inferType(evidence[at] as ColumnEvidence).type }));
  const base = { file, path, columns, sha256: createHash('sha256').update(bytes).digest('hex') };
  known.set(path, { state, base });
  return base;
}

/** The records of a base file, encoded for COPY in its CSV format. */
export async function readBaseRecords({ path, file, columns }: BaseFile): Promise<Buffer> {
  const { names, records } = parseBase(await readFile(path), file);
  // Changed this moment: the next transform sees it as it is then.
  if (names.join() !== columns.map(({ name }) => name).join())
    refuse(file, 1, 'its columns have just changed');
  const cell = (value: Value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);
  return Buffer.from(records.map((record) => `${record.map(cell).join(',')}\n`).join(''));
}

function parseBase(bytes: Buffer, file: string): { names: string[]; records: Value[][] } {
  const text = decode(bytes, file);
  const delimiter = delimiterOf(text);
  try {
    const [head = [], ...records] = parse(text, {
      delimiter,
      skip_empty_lines: true,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    }) as unknown as Value[][];
    return { names: namesOf(head, file), records };
  } catch (error) {
    if (error instanceof CsvError) return refuse(file, Number(error.lines ?? 1), error.message);
    throw error;
  }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse(file, 1, 'it is not UTF-8');
  }
}

/** The one that its first line has the most of. */
function delimiterOf(text: string): string {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] as string;
}

function namesOf(head: readonly Value[], file: string): string[] {
  if (head.length === 0) refuse(file, 1, 'there is no header line');
  const names = head.map((name) => identifierFrom(name ?? ''));
  const missing = names.indexOf('');
  if (missing >= 0) refuse(file, 1, `column ${missing + 1} has no name`);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) refuse(file, 1, `two columns are called ${double}`);
  return names;
}

function refuse(file: string, line: number, reason: string): never {
  throw new SluiceError('BASE_INVALID', { file, line, reason });
}
