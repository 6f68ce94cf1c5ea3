import { join } from 'node:path';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

/** Four archives of two applications, as two databases dump them. */
export const DUMPS = join(import.meta.dirname, '../../fixtures/dumps');

export const ARCHIVES = {
  'lms_v1.zip': 'lms',
  'lms_v2.zip': 'lms',
  'lms_v3.zip': 'lms',
  'crm_v7.zip': 'crm',
} as const;
export type ArchiveName = keyof typeof ARCHIVES;

type Value = string | null;

/** One table of one archive, read without any of Sluice; values as Postgres writes them. */
export interface ReadTable {
  /** Lower-cased. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  /** What stands in the archive, record by record, the header first. */
  readonly records: readonly Buffer[];
  readonly descriptor: Buffer;
}

/** The tables of one of the four archives, by name. */
export async function readDump(archive: ArchiveName): Promise<Map<string, ReadTable>> {
  const entries = new Map(await unzip(join(DUMPS, 'drop', archive)));
  const tables = new Map<string, ReadTable>();
  for (const [name, bytes] of entries) {
    if (!name.endsWith('.dat')) continue;
    const table = name.slice(0, -'.dat'.length);
    const isMysql = ARCHIVES[archive] === 'crm';
    const encoding = isMysql ? 'utf8' : 'latin1';
    const [header, ...records] = divide(bytes.toString(encoding), isMysql ? '\\' : '"');
    const columns = (header?.fields ?? []).map((column) => String(column).toLowerCase());
    tables.set(table, {
      columns,
      rows: records.map(({ fields }) => fields.map((value, at) => asPostgres(value, columns[at] ?? ''))),
      records: [header, ...records].map((record) => Buffer.from(record?.raw ?? '', encoding)),
      descriptor: entries.get(`${table}.json`) ?? Buffer.alloc(0),
    });
  }
  return tables;
}

const FLAGS: ReadonlySet<string> = new Set(['isactive', 'passed', 'active']);

/** As Postgres writes what the file has: uuids in lower case, times in microseconds, without zeros at their end. */
function asPostgres(value: Value, column: string): Value {
  if (value === null || value === '0000-00-00 00:00:00') return null;
  if (FLAGS.has(column)) return value === '1' ? 'true' : 'false';
  if (/^[\dA-F]{8}-[\dA-F-]{27}$/.test(value)) return value.toLowerCase();
  const [, second, fraction] = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d+)$/.exec(value) ?? [];
  if (fraction === undefined) return value;
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0')) + (Number(fraction[6] ?? 0) >= 5 ? 1 : 0);
  const rest = String(micros).padStart(6, '0').replace(/0+$/, '');
  return rest === '' ? String(second) : `${second}.${rest}`;
}

interface DividedRecord {
  readonly raw: string;
  readonly fields: Value[];
}

function divide(text: string, escaping: string): DividedRecord[] {
  const pattern =
    escaping === '"'
      ? /(?:"((?:[^"]|"")*)"|([^|\r\n]*))(\||\r?\n)/gy
      : /(?:"((?:[^"\\]|\\.)*)"|([^|\n]*))(\||\n)/gsy;
  const records: DividedRecord[] = [];
  let fields: Value[] = [];
  let start = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, quoted, plain, end] = found;
    const isNull = plain === (escaping === '"' ? 'NULL' : '\\N');
    const value =
      quoted === undefined
        ? plain
        : escaping === '"'
          ? quoted.replaceAll('""', '"')
          : quoted.replace(/\\(["\\])/g, '$1');
    fields.push(isNull ? null : (value ?? ''));
    if (end === '|') continue;
    const next = found.index + whole.length;
    records.push({ raw: text.slice(start, next), fields });
    fields = [];
    start = next;
  }
  return records;
}

async function unzip(file: string): Promise<[string, Buffer][]> {
  const open = promisify(yauzl.open) as (path: string, options: yauzl.Options) => Promise<yauzl.ZipFile>;
  const zip = await open(file, { lazyEntries: true });
  const found: [string, Buffer][] = [];
  return new Promise((resolve, reject) => {
    zip.on('error', reject).on('end', () => resolve(found));
    zip.on('entry', (entry: yauzl.Entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error !== null || stream === undefined) return reject(error ?? new Error('no stream'));
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          found.push([entry.fileName, Buffer.concat(chunks)]);
          zip.readEntry();
        });
      });
    });
    zip.readEntry();
  });
}
