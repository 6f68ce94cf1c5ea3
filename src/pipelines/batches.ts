import type { SourceFile } from '../ledger/source-file.ts';
import type { GroupMember } from './publish/publish-group.ts';

/** Bytes of records that are put together in memory before what there is is published. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Files that share a transaction at the most: enough to pay for it once, few enough to do over. */
const MOST_FILES = 100;

/**
 * Files of a group in memory, with those they can be published with. What is full is published while further files are read and
 * put together: then client and server work at the same time. Publications follow upon each other, in the order in which they are begun.
 */
export class Batches<T extends GroupMember> {
  private readonly waiting = new Map<string, T[]>();
  /** The batch that the last file of a feed is in. */
  private readonly batchOf = new Map<string, string>();
  private bytes = 0;
  private files = 0;
  private publication: Promise<void> | null = null;
  private publishing = false;

  /**
   * @param publish publishes files of one dataset and version
   * @param onPublished told when nothing is being published any longer
   */
  constructor(
    private readonly publish: (batch: readonly T[]) => Promise<void>,
    private readonly onPublished: () => void,
  ) {}

  /** True while files are being published. */
  get isPublishing(): boolean {
    return this.publishing;
  }

  /** What comes before a file in its feed is published before it; in the same transaction when both are in batch `key`. */
  async publishEarlier({ feed }: SourceFile, key: string | null): Promise<void> {
    if (feed === null) return;
    const before = this.batchOf.get(feed) ?? key;
    if (before !== key) await this.beginPublishing();
    if (key !== null) this.batchOf.set(feed, key);
  }

  async add(key: string, member: T): Promise<void> {
    const batch = this.waiting.get(key);
    if (batch === undefined) this.waiting.set(key, [member]);
    else batch.push(member);
    for (const block of member.job.loaded.blocks) this.bytes += block.bytes.length;
    this.files++;
    if (this.bytes > MOST_BYTES || this.files >= MOST_FILES) await this.beginPublishing();
  }

  /** Publishes all there is, and waits for it. */
  async finish(): Promise<void> {
    await this.beginPublishing();
    await this.settle();
  }

  /** Waits for what is being published. Throws what has gone wrong with all of it. */
  async settle(): Promise<void> {
    const { publication } = this;
    this.publication = null;
    await publication;
  }

  private async beginPublishing(): Promise<void> {
    await this.settle();
    const batches = [...this.waiting.values()];
    this.waiting.clear();
    this.batchOf.clear();
    this.bytes = 0;
    this.files = 0;
    if (batches.length === 0) return;
    this.publication = this.publishAll(batches);
    // Raised to whoever waits for it.
    this.publication.catch(() => {});
  }

  private async publishAll(batches: readonly (readonly T[])[]): Promise<void> {
    this.publishing = true;
    try {
      for (const batch of batches) await this.publish(batch);
    } finally {
      this.publishing = false;
      this.onPublished();
    }
  }
}
