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
  /** Set when `raw` is only a piece of a record that is too long: its number, from 0. */
  readonly piece?: number;
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
  const records = rejects.filter(({ piece = 0 }) => piece === 0);
  const pieces = rejects.filter(({ piece = 0 }) => piece > 0);
  await copyLines(
    client,
    COPY_REJECTS,
    records.map((reject) => copyLine(owner, reject)),
  );
  await copyLines(
    client,
    COPY_PIECES,
    pieces.map(({ record, piece, raw }) => `${owner.loadId}\t${record}\t${piece}\t${hexCell(raw)}\n`),
  );
}

async function copyLines(client: PoolClient, statement: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    const stream = client.query(copyFrom(statement));
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(Buffer.from(lines.join(''), 'utf8'));
  });
}

const COPY_REJECTS = `copy sluice.reject
  (run_id, load_id, record_number, line_number, column_name, code, message, sqlstate, raw) from stdin`;
const COPY_PIECES = 'copy sluice.reject_piece (load_id, record_number, piece, raw) from stdin';

function copyLine(owner: RejectOwner, reject: Reject): string {
  const { record, line, column, code, message, sqlstate, raw } = reject;
  const cells = [owner.runId, owner.loadId, record, line, column, code, message, sqlstate].map(copyCell);
  return `${cells.join('\t')}\t${hexCell(raw)}\n`;
}

function hexCell(raw: Buffer): string {
  return `\\\\x${raw.toString('hex')}`;
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
