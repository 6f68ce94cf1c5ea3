import { messageOf, SluiceError } from '../../errors.ts';
import { type CleanText, cleanText } from './descriptor-text.ts';

/** One column as a descriptor has it. */
export interface DescriptorColumn {
  readonly name: string;
  /** Type as the source database writes it. */
  readonly type: string;
}

const NAME_KEYS = ['column_name', 'tbl_col', 'tbl_column'] as const;
const TYPE_KEYS = ['column_type', 'col_type'] as const;

/** Columns of a table, in the order of the descriptor. `file` stands in messages. Throws DESCRIPTOR_INVALID. */
export function parseDescriptor(bytes: Buffer, file: string): DescriptorColumn[] {
  const clean = cleanText(bytes);
  const items = columnList(parseJson(clean, file));
  if (items === null) throw invalid(file, 'it is not a list of columns');
  if (items.length === 0) throw invalid(file, 'it lists no column');
  const columns = items.map((item, at) => columnFrom(item, at + 1, file));
  refuseDuplicates(columns, file);
  return columns;
}

/** Whether some JSON describes a table: a list whose first element has the two keys of a descriptor. */
export function looksLikeDescriptor(bytes: Buffer): boolean {
  const { text } = cleanText(bytes);
  const found = new Set([...text.matchAll(/"([^"\\]{1,60})"\s*:/g)].map(([, key = '']) => plainKey(key)));
  const start = /^\s*[[{]/.test(text);
  return (
    start &&
    NAME_KEYS.some((key) => found.has(plainKey(key))) &&
    TYPE_KEYS.some((key) => found.has(plainKey(key)))
  );
}

function parseJson(clean: CleanText, file: string): unknown {
  try {
    return JSON.parse(clean.text);
  } catch (error) {
    const message = messageOf(error);
    const { line, column } = clean.place(faultOffset(clean.text));
    const reason = message.replace(/(?: in JSON)? at position \d+.*$/s, '').replace(/, (?:\.\.\.)?".*$/s, '');
    throw invalid(file, `line ${line}, column ${column}: ${reason}`, error);
  }
}

/** Where the first fault stands. Not every message says it: the shortest start of the text that cannot be gone on with tells. */
function faultOffset(text: string): number {
  let sound = 0;
  let faulty = text.length + 1;
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1;
    if (canGoOn(text.slice(0, middle))) sound = middle;
    else faulty = middle;
  }
  return sound;
}

function canGoOn(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    const message = messageOf(error);
    const position = /position (\d+)/.exec(message)?.[1];
    if (message.startsWith('Unterminated string')) return true;
    return position === undefined ? /end of JSON/.test(message) : Number(position) >= start.length;
  }
}

/** The list itself, or the one list of an object such as `{"table": …, "columns": […]}`. */
function columnList(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  const lists = isObject(value) ? Object.values(value).filter(Array.isArray) : [];
  return lists.length === 1 ? (lists[0] as readonly unknown[]) : null;
}

function columnFrom(item: unknown, position: number, file: string): DescriptorColumn {
  if (!isObject(item)) throw invalid(file, `element ${position} is not an object`);
  const values = new Map(Object.entries(item).map(([key, value]) => [plainKey(key), value]));
  const name = textUnder(values, NAME_KEYS);
  const type = textUnder(values, TYPE_KEYS);
  if (name === null) throw invalid(file, `element ${position} has no ${NAME_KEYS.join(' or ')}`);
  if (type === null)
    throw invalid(file, `element ${position}, column ${name}, has no ${TYPE_KEYS.join(' or ')}`);
  return { name, type };
}

function textUnder(values: ReadonlyMap<string, unknown>, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = values.get(plainKey(key));
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return null;
}

/** Letter case and what stands between words do not matter: `ColumnName` is `column_name`. */
function plainKey(key: string): string {
  return key.toLowerCase().replace(/[\s_-]+/g, '');
}

function refuseDuplicates(columns: readonly DescriptorColumn[], file: string): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) throw invalid(file, `it lists the column ${name} twice`);
    seen.add(name);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError('DESCRIPTOR_INVALID', { file, reason }, cause);
}
