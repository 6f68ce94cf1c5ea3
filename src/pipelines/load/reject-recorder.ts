import type { Pool, PoolClient } from 'pg';
import type { RejectLimit } from '../../config/settings.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import type { StillRefused } from '../../ledger/corrections.ts';
import { type Reject, type RejectOwner, writeRejects } from '../../ledger/rejects.ts';

/** Bytes of rejected records that are kept in memory before they are written. */
const BUFFER_BYTES = 8 * 1024 * 1024;

export interface RejectJob {
  /** For messages. */
  readonly file: string;
  /** Notes the job in the ledger, so that rejects can be written before it is published. */
  enter(): Promise<RejectOwner>;
}

/** Collects the rejects of one load job, and refuses to go on when there are too many. */
export class RejectRecorder {
  /** Rejects so far. */
  count = 0;
  /** What stood before the first record, byte for byte; known once reading has begun. */
  head: Buffer = Buffer.alloc(0);
  /** Set once the job is in the ledger. */
  owner: RejectOwner | null = null;
  private streaming = false;
  private waiting: Reject[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly limit: RejectLimit,
    private readonly job: RejectJob,
  ) {}

  /** From now on rejects are written as they come. Not while the caller holds the run in a transaction of its own. */
  stream(): void {
    this.streaming = true;
  }

  /** Throws REJECT_LIMIT_EXCEEDED as soon as a limit by count is passed. */
  async add(rejects: readonly Reject[]): Promise<void> {
    this.count += rejects.length;
    for (const reject of rejects) {
      this.waiting.push(reject);
      this.waitingBytes += reject.raw.length + reject.message.length + 100;
    }
    if (this.limit.kind === 'count' && this.count > this.limit.rows) throw this.tooMany(null);
    if (this.streaming && this.waitingBytes > BUFFER_BYTES) await this.flush();
  }

  /** The final word, when all records have been read. */
  checkLimit(read: number): void {
    if (this.limit.kind === 'percent' && this.count * 100 > this.limit.percent * read)
      throw this.tooMany(read);
  }

  /** Forgets what has not been written: the load starts over. */
  reset(): void {
    this.count = 0;
    this.waiting = [];
    this.waitingBytes = 0;
  }

  /** Writes what is waiting within the caller's transaction. */
  writeTo(client: PoolClient, owner: RejectOwner): Promise<void> {
    return writeRejects(client, owner, this.take());
  }

  /** Writes what is waiting in a transaction of its own; one at a time. */
  flush(): Promise<void> {
    const rejects = this.take();
    this.writing = this.writing.then(async () => {
      this.owner ??= await this.job.enter();
      const { owner } = this;
      await inTransaction(this.pool, (client) => writeRejects(client, owner, rejects));
    });
    return this.writing;
  }

  /** What is waiting, each under the record number it stands for. */
  takeOpen(records: readonly number[]): StillRefused[] {
    return this.take().map(({ record, column, code, message, sqlstate }) => {
      return { record: records[record - 1] ?? record, column, code, message, sqlstate };
    });
  }

  private take(): Reject[] {
    const rejects = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    return rejects;
  }

  private tooMany(read: number | null): SluiceError {
    const { limit, job } = this;
    const of = read === null ? '' : ` of ${read} records read`;
    const allowed =
      limit.kind === 'percent' ? `${limit.percent} %${of}` : limit.kind === 'count' ? limit.rows : 'none';
    return new SluiceError('REJECT_LIMIT_EXCEEDED', { file: job.file, rejected: this.count, limit: allowed });
  }
}
