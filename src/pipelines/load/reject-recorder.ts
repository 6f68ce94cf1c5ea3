import type { Pool, PoolClient } from 'pg';
import type { RejectLimit } from '../../config/settings.ts';
import { inTransaction } from '../../db/transaction.ts';
import { SluiceError } from '../../errors.ts';
import type { StillRefused } from '../../ledger/corrections.ts';
import { type Reject, type RejectOwner, writeRejects } from '../../ledger/rejects.ts';
import { stepDone } from '../../steps.ts';

/** Bytes of rejected records that are kept in memory before they are written. */
const BUFFER_BYTES = 2 * 1024 * 1024;

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
  /** Lines that may have been records of their own, had a quote not swallowed them: they count for the limit. */
  private swallowed = 0;
  private streaming = false;
  private waiting: Reject[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  /** What loading has found, when that is over. */
  private settled: { count: number; swallowed: number; waiting: readonly Reject[] } | null = null;

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
    for (const reject of rejects) {
      if (isRecord(reject)) this.count++;
      this.swallowed += linesSwallowed(reject);
      this.waiting.push(reject);
      this.waitingBytes += reject.raw.length + reject.message.length + 100;
    }
    if (this.limit.kind === 'count' && this.count + this.swallowed > this.limit.rows)
      throw this.tooMany(null);
    if (this.streaming && this.waitingBytes > BUFFER_BYTES) await this.flush();
  }

  /** The final word, when all records have been read. */
  checkLimit(read: number): void {
    const { limit, count, swallowed } = this;
    if (limit.kind === 'percent' && (count + swallowed) * 100 > limit.percent * (read + swallowed))
      throw this.tooMany(read + swallowed);
  }

  /** REJECT_LIMIT_EXCEEDED when so many more would be too many, else null. */
  findTooMany(more: number, read: number): SluiceError | null {
    const { limit, count, swallowed } = this;
    const rejected = count + swallowed + more;
    const tooMany =
      limit.kind === 'count'
        ? rejected > limit.rows
        : limit.kind === 'percent' && rejected * 100 > limit.percent * (read + swallowed);
    return tooMany ? this.tooMany(limit.kind === 'count' ? null : read + swallowed, more) : null;
  }

  /** Forgets what has not been written: the load starts over. */
  reset(): void {
    this.count = 0;
    this.swallowed = 0;
    this.waiting = [];
    this.waitingBytes = 0;
  }

  /** Loading is over: nothing is written from now on but by `writeTo`. */
  settle(): void {
    this.streaming = false;
    this.settled = { count: this.count, swallowed: this.swallowed, waiting: [...this.waiting] };
  }

  /** Forgets what publishing has found or written: it is tried once more. */
  restore(): void {
    const { settled } = this;
    if (settled === null) return;
    this.count = settled.count;
    this.swallowed = settled.swallowed;
    this.waiting = [...settled.waiting];
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
      stepDone('rejects flushed', this.job.file);
    });
    return this.writing;
  }

  /** What is waiting, each under the record number it stands for. */
  takeOpen(records: readonly number[]): StillRefused[] {
    return this.take()
      .filter(isRecord)
      .map(({ record, column, code, message, sqlstate }) => {
        return { record: records[record - 1] ?? record, column, code, message, sqlstate };
      });
  }

  private take(): Reject[] {
    const rejects = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    return rejects;
  }

  private tooMany(read: number | null, more = 0): SluiceError {
    const { limit, job, swallowed } = this;
    const rejected = this.count + swallowed + more;
    const counting = swallowed === 0 ? '' : ', counting each line within a record that has no end';
    const of = read === null ? '' : ` of ${read} records read`;
    const allowed =
      limit.kind === 'percent' ? `${limit.percent} %${of}` : limit.kind === 'count' ? limit.rows : 'none';
    return new SluiceError('REJECT_LIMIT_EXCEEDED', {
      file: job.file,
      rejected,
      limit: `${allowed}${counting}`,
    });
  }
}

function isRecord(reject: Reject): boolean {
  return (reject.piece ?? 0) === 0;
}

const LF = 0x0a;
const CR = 0x0d;
const MAY_SWALLOW = ['UNTERMINATED_QUOTE', 'RECORD_TOO_LONG'];

/** Line ends in a record that may not be one, its own left out. */
function linesSwallowed({ code, raw }: Reject): number {
  if (!MAY_SWALLOW.includes(code)) return 0;
  const lines = Math.max(countOf(raw, LF), countOf(raw, CR));
  // The last two bytes: in UTF-16 a line end is one of them.
  const isEnded = raw.subarray(-2).some((byte) => byte === LF || byte === CR);
  return isEnded ? lines - 1 : lines;
}

function countOf(bytes: Buffer, wanted: number): number {
  let found = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found++;
  return found;
}
