import type { PoolClient } from 'pg';
import { isRecordError } from '../../db/sqlstate.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import { type RecordSpan, recordsOf, subBlock } from '../../formats/delimited/records.ts';
import { scanRecords } from '../../formats/delimited/scan.ts';
import type { TableName } from '../plan/run-plan.ts';
import { setNextRow } from '../tables/segments.ts';
import { TypeContradiction } from './contradiction.ts';
import { copyBytes } from './copy-bytes.ts';
import { type CopyJob, rawStatement } from './copy-job.ts';
import { errorLine } from './error-place.ts';
import { type OnRejects, Rescue } from './rescue.ts';
import { pieceOf } from './take-apart.ts';

/** Once a load has met a fault, it copies pieces of this size: less is done again when the next fault comes. */
const PIECE_BYTES = 512 * 1024;
/** Faults in one piece that are cut out one by one; with more, the rest is taken apart. */
const FEW_FAULTS = 4;

/**
 * Copies blocks into one table, inside a transaction that the caller holds. A block that Postgres refuses is taken
 * apart: what fits is loaded, what does not is handed to `onRejects`.
 *
 * Throws TypeContradiction when the fault lies with an inferred type, not with the record.
 */
export class BlockCopier {
  private readonly statement: string;
  private readonly rescue: Rescue;
  /** How the file has been so far: whole blocks, pieces, or taking everything apart. */
  private mode: 'clean' | 'wary' | 'dirty' = 'clean';
  private open = false;

  constructor(
    private readonly client: PoolClient,
    private readonly job: CopyJob,
    private readonly table: TableName,
    private readonly onRejects: OnRejects,
    /** Statements that go before the first COPY, in the same round trip; each ends with a semicolon. */
    private prologue = '',
  ) {
    this.statement = rawStatement(job, table);
    this.rescue = new Rescue(client, job, table, onRejects);
  }

  /** Gives Postgres's own count of the rows that were loaded. */
  async copy(block: Block): Promise<number> {
    if (block.piece !== undefined) return this.rejectPiece(block);
    if (this.job.alwaysNormalise || this.job.rowNumbers !== null) return this.takeAllApart(block);
    if (block.hazards === 0) this.refuseUncanonical(block);
    if (this.mode === 'dirty') return this.copyDirty(block);
    if (this.mode === 'wary' || block.hazards !== 0) return this.copyPieces(block);
    const { rows } = await this.tryRaw(block);
    if (rows !== null) return rows;
    this.mode = 'wary';
    return this.copyPieces(block);
  }

  private async rejectPiece(block: Block): Promise<number> {
    await this.onRejects([pieceOf(this.job, block)]);
    return 0;
  }

  /** A file that was full of faults may have no more of them. */
  private async copyDirty(block: Block): Promise<number> {
    const rows = await this.takeAllApart(block);
    if (block.records - rows <= FEW_FAULTS) this.mode = 'wary';
    return rows;
  }

  /** Fields take many times the memory of their bytes: no more of them at once than a piece has. */
  private async takeAllApart(block: Block): Promise<number> {
    let rows = 0;
    for (const piece of piecesOf(block, this.job)) rows += await this.takeApart(piece);
    return rows;
  }

  private async copyPieces(block: Block): Promise<number> {
    let rows = 0;
    for (const piece of piecesOf(block, this.job)) {
      if (block.hazards !== 0 && piece.hazards === 0) this.refuseUncanonical(piece);
      rows += await this.copyPiece(piece);
    }
    return rows;
  }

  /** Before a block goes to COPY as it is: what Postgres would take and change is not for an inferred type. */
  private refuseUncanonical(block: Block): void {
    if (this.job.canonical?.holds(block) === false) throw new TypeContradiction(this.job.plan.jobNumber);
  }

  /** Cuts out the record that Postgres names, keeps what stands before it, and goes on after it. */
  private async copyPiece(piece: Block): Promise<number> {
    if (piece.hazards !== 0) return this.takeApart(piece);
    let rest = piece;
    let rows = 0;
    for (let faults = 0; this.mode !== 'dirty'; faults++) {
      const tried = await this.tryRaw(rest);
      if (tried.rows !== null) return rows + tried.rows;
      const spans = recordsOf(rest, this.job.rules);
      const bad = recordAt(spans, rest.firstLine + tried.line - 1);
      if (bad < 0 || faults >= FEW_FAULTS) {
        this.mode = faults >= FEW_FAULTS ? 'dirty' : this.mode;
        return rows + (await this.takeApart(rest));
      }
      if (bad > 0) rows += await this.copySound(subBlock(rest, spans, 0, bad));
      rows += await this.takeApart(subBlock(rest, spans, bad, bad + 1));
      rest = subBlock(rest, spans, bad + 1, spans.length);
      if (rest.records === 0) return rows;
    }
    return rows + (await this.takeApart(rest));
  }

  /** Records that Postgres had taken before it met the bad one. */
  private async copySound(block: Block): Promise<number> {
    const { rows } = await this.tryRaw(block);
    return rows ?? this.takeApart(block);
  }

  private async takeApart(block: Block): Promise<number> {
    const release = this.open ? 'RELEASE block;' : '';
    if (release !== '' || this.prologue !== '') await this.client.query(`${this.takePrologue()}${release}`);
    this.open = false;
    return this.rescue.load(block);
  }

  private takePrologue(): string {
    const { prologue } = this;
    this.prologue = '';
    return prologue;
  }

  /** COPY of the block's own bytes. Rows null: Postgres refused a value, and names a line. Any other error is raised. */
  private async tryRaw(block: Block): Promise<{ rows: number | null; line: number }> {
    const release = this.open ? 'RELEASE block; ' : '';
    const first = `${this.takePrologue()}${release}SAVEPOINT block; ${setNextRow(this.table, block.firstRecord)}`;
    this.open = true;
    try {
      return { rows: await copyBytes(this.client, `${first}; ${this.statement}`, block.bytes), line: 0 };
    } catch (error) {
      if (!isRecordError(error)) throw error;
      await this.client.query('ROLLBACK TO block');
      return { rows: null, line: errorLine(error) };
    }
  }
}

function* piecesOf(block: Block, job: CopyJob): Generator<Block> {
  const { bytes } = block;
  let start = 0;
  let firstRecord = block.firstRecord;
  let firstLine = block.firstLine;
  while (start < bytes.length) {
    const stop = Math.min(bytes.length, start + PIECE_BYTES);
    const scan = scanRecords(bytes, start, stop, job.rules, { eof: stop === bytes.length });
    const end = scan.records > 0 ? scan.end : bytes.length;
    const records = scan.records > 0 ? scan.records : block.firstRecord + block.records - firstRecord;
    const hazards = scan.records > 0 ? scan.hazards : block.hazards;
    yield { bytes: bytes.subarray(start, end), records, firstRecord, firstLine, hazards };
    start = end;
    firstRecord += records;
    firstLine += scan.lines;
  }
}

/** Index of the record that the physical line belongs to, -1 when none does. */
function recordAt(spans: readonly RecordSpan[], line: number): number {
  let found = -1;
  for (let low = 0, high = spans.length - 1; low <= high; ) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as RecordSpan).line <= line) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}
