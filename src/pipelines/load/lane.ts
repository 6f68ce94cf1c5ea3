import type { PoolClient } from 'pg';
import { stepDone } from '../../steps.ts';
import { BlockCopier } from '../copy/block-copier.ts';
import type { CopyJob } from '../copy/copy-job.ts';
import { EncodedCopier } from '../copy/encoded-copy.ts';
import type { OnRejects } from '../copy/rescue.ts';
import type { TableName } from '../plan/run-plan.ts';
import { copyIndexes } from '../tables/copy-indexes.ts';
import { closeSegment, createSegment } from '../tables/segments.ts';
import type { BlockQueue } from './block-queue.ts';

export interface LaneTarget {
  readonly segment: TableName;
  readonly runId: number;
  readonly onRejects: OnRejects;
  /** The table whose indexes it gets when it is full; null for none. */
  readonly indexesOf: TableName | null;
}

/** One connection with an open transaction that fills one segment. */
export class Lane {
  rows = 0;
  committed = false;
  private released = false;

  private constructor(
    private readonly client: PoolClient,
    private readonly copier: BlockCopier,
    readonly segment: TableName,
    private readonly indexesOf: TableName | null,
  ) {}

  static async open(client: PoolClient, job: CopyJob, target: LaneTarget): Promise<Lane> {
    const { segment, runId, onRejects, indexesOf } = target;
    await client.query('BEGIN');
    await createSegment(client, segment, job.plan, runId);
    stepDone('segment created', segment.name);
    const encoded = await EncodedCopier.for(client, job, segment);
    const copier = new BlockCopier(client, job, segment, onRejects, '', encoded);
    return new Lane(client, copier, segment, indexesOf);
  }

  /** Copies blocks until there are none left, or `signal` ends it between two blocks. */
  async run(queue: BlockQueue, signal: AbortSignal): Promise<void> {
    for (let block = await queue.next(); block !== null; block = await queue.next()) {
      signal.throwIfAborted();
      this.rows += await this.copier.copy(block);
      queue.done(block);
      stepDone('block copied', this.segment.name);
    }
  }

  async commit(): Promise<void> {
    await closeSegment(this.client, this.segment);
    if (this.indexesOf !== null) await copyIndexes(this.client, this.indexesOf, this.segment, true);
    await this.client.query('COMMIT');
    this.committed = true;
    stepDone('segment committed', this.segment.name);
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
