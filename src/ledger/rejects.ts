import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A record that could not be loaded. */
export interface Reject {
  /** Number of the record in its file, from 1. */
  readonly record: number;
  /** Physical line in the file at which it starts, from 1. */
  readonly line: number;
  /** Column of the table; null when the whole record is concerned. */
  readonly column: string | null;
  /** Stable word for the kind of fault. */
  readonly code: string;
  readonly message: string;
  /** Postgres's own code, when Postgres refused it. */
  readonly sqlstate: string | null;
  /** The record with its line end, exactly as it stood in the file. */
  readonly raw: Buffer;
}

/** Rejects of one load job. */
export interface RejectOwner {
  readonly runId: number;
  readonly loadId: number;
}

/** Writes rejects at COPY speed; inside the caller's transaction when there is one. */
export async function writeRejects(
  client: PoolClient,
  owner: RejectOwner,
  rejects: readonly Reject[],
): Promise<void> {
  if (rejects.length === 0) return;
  const lines = rejects.map((reject) => copyLine(owner, reject));
  await new Promise<void>((resolve, reject) => {
    const stream = client.query(copyFrom(COPY_REJECTS));
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(Buffer.from(lines.join(''), 'utf8'));
  });
}

const COPY_REJECTS = `copy sluice.reject
  (run_id, load_id, record_number, line_number, column_name, code, message, sqlstate, raw) from stdin`;

function copyLine(owner: RejectOwner, reject: Reject): string {
  const { record, line, column, code, message, sqlstate, raw } = reject;
  const cells = [owner.runId, owner.loadId, record, line, column, code, message, sqlstate].map(copyCell);
  return `${cells.join('\t')}\t\\\\x${raw.toString('hex')}\n`;
}

const SPECIAL = /[\\\t\n\r\0]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '',
};

function copyCell(value: string | number | null): string {
  if (value === null) return '\\N';
  return typeof value === 'number' ? String(value) : value.replace(SPECIAL, (char) => ESCAPED[char] ?? '');
}
