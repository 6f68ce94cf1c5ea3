import type { PoolClient } from 'pg';
import { copyBlock } from '../copy/copy-block.ts';
import type { CopyJob } from '../copy/copy-job.ts';
import type { TableName } from '../plan/run-plan.ts';
import { closeSegment, createSegment, setNextRow } from '../tables/segments.ts';
import type { BlockQueue } from './block-queue.ts';

/** One connection with an open transaction that fills one segment. */
export class Lane {
  rows = 0;
  committed = false;
  private released = false;

  private constructor(
    private readonly client: PoolClient,
    private readonly job: CopyJob,
    readonly segment: TableName,
  ) {}

  static async open(client: PoolClient, job: CopyJob, segment: TableName, runId: number): Promise<Lane> {
    await client.query('BEGIN');
    await createSegment(client, segment, job.plan, runId);
    return new Lane(client, job, segment);
  }

  /** Copies blocks until there are none left, or `signal` ends it between two blocks. */
  async run(queue: BlockQueue, signal: AbortSignal): Promise<void> {
    for (let block = await queue.next(); block !== null; block = await queue.next()) {
      signal.throwIfAborted();
      await this.client.query(setNextRow(this.segment, block.firstRecord));
      this.rows += await copyBlock(this.client, this.job, this.segment, block);
    }
  }

  async commit(): Promise<void> {
    await closeSegment(this.client, this.segment);
    await this.client.query('COMMIT');
    this.committed = true;
    this.release();
  }

  /** Ends the connection at once, whatever it is doing; the server rolls back. */
  abort(): void {
    this.release(true);
  }

  private release(destroy = false): void {
    if (this.released) return;
    this.released = true;
    this.client.release(destroy);
  }
}
