import type { PoolClient } from 'pg';
import { isRecordError } from '../../db/sqlstate.ts';
import type { Block } from '../../formats/delimited/block-reader.ts';
import { type RecordSpan, recordsOf, subBlock } from '../../formats/delimited/records.ts';
import type { TableName } from '../plan/run-plan.ts';
import { setNextRow } from '../tables/segments.ts';
import { TypeContradiction } from './contradiction.ts';
import { copyBytes } from './copy-bytes.ts';
import { type CopyJob, rawStatement } from './copy-job.ts';
import type { EncodedCopier } from './encoded-copy.ts';
import { errorLine } from './error-place.ts';
import { groupsOf, piecesOf, recordAt } from './pieces.ts';
import { type OnRejects, Rescue } from './rescue.ts';
import { pieceOf } from './take-apart.ts';

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
    /** Null: every block is sent as it stands in the file. */
    private readonly encoded: EncodedCopier | null = null,
  ) {
    this.statement = rawStatement(job, table);
    this.rescue = new Rescue(client, job, table, onRejects);
  }

  /** Gives Postgres's own count of the rows that were loaded. */
  async copy(block: Block): Promise<number> {
    if (block.piece !== undefined) return this.rejectPiece(block);
    if (this.job.alwaysNormalise || this.job.rowNumbers !== null) return this.takeAllApart(block);
    if (this.mode !== 'dirty' && this.encoded?.takes(block)) return this.copyEncoded(block, this.encoded);
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

  private async copyEncoded(block: Block, encoded: EncodedCopier): Promise<number> {
    if (block.hazards === 0) return this.encodePiece(block, encoded);
    let rows = 0;
    for (const piece of piecesOf(block, this.job.rules)) {
      rows += piece.hazards === 0 ? await this.encodePiece(piece, encoded) : await this.takeApart(piece);
    }
    return rows;
  }

  /** What is refused all the same, because of a constraint say, is sent again as it stands in the file. */
  private async encodePiece(piece: Block, encoded: EncodedCopier): Promise<number> {
    const copied = await encoded.copy(piece, this.openSavepoint());
    if (copied === null) {
      await this.client.query('ROLLBACK TO block');
      this.mode = 'wary';
      this.refuseUncanonical(piece);
      return this.copyPieces(piece);
    }
    let { rows } = copied;
    for (const { block, spans } of groupsOf(piece, copied.doubtful))
      rows += await this.takeApart(block, spans);
    return rows;
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
    for (const piece of piecesOf(block, this.job.rules)) rows += await this.takeApart(piece);
    return rows;
  }

  private async copyPieces(block: Block): Promise<number> {
    let rows = 0;
    for (const piece of piecesOf(block, this.job.rules)) {
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

  private async takeApart(block: Block, spans?: readonly RecordSpan[]): Promise<number> {
    const release = this.open ? 'RELEASE block;' : '';
    if (release !== '' || this.prologue !== '') await this.client.query(`${this.takePrologue()}${release}`);
    this.open = false;
    return this.rescue.load(block, spans);
  }

  private takePrologue(): string {
    const { prologue } = this;
    this.prologue = '';
    return prologue;
  }

  /** The statements for it, to be sent with the COPY that comes next. */
  private openSavepoint(): string {
    const release = this.open ? 'RELEASE block; ' : '';
    this.open = true;
    return `${this.takePrologue()}${release}SAVEPOINT block`;
  }

  /** COPY of the block's own bytes. Rows null: Postgres refused a value, and names a line. Any other error is raised. */
  private async tryRaw(block: Block): Promise<{ rows: number | null; line: number }> {
    const first = `${this.openSavepoint()}; ${setNextRow(this.table, block.firstRecord)}`;
    try {
      return { rows: await copyBytes(this.client, `${first}; ${this.statement}`, block.bytes), line: 0 };
    } catch (error) {
      if (!isRecordError(error)) throw error;
      await this.client.query('ROLLBACK TO block');
      return { rows: null, line: errorLine(error) };
    }
  }
}
