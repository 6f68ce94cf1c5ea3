import type { Block, BlockReader } from '../../formats/delimited/block-reader.ts';

/**
 * Hands blocks to whichever lane asks first. One block is read ahead while lanes are busy, no more: memory is bounded
 * by the number of lanes, and a slow server slows the reading.
 */
export class BlockQueue {
  private ahead: Promise<Block | null>;

  constructor(
    private readonly reader: BlockReader,
    /** Blocks that have been read already. */
    private readonly first: Block[],
    private readonly onBlock: () => void,
  ) {
    this.ahead = this.read();
  }

  /** A block that a lane has finished with. */
  done(block: Block): void {
    this.reader.recycle(block);
  }

  next(): Promise<Block | null> {
    const block = this.ahead;
    this.ahead = block.then((current) => {
      if (current === null) return null;
      this.onBlock();
      return this.read();
    });
    // A failure is raised to the lane that takes the block; here it must only not count as unhandled.
    this.ahead.catch(() => {});
    return block;
  }

  private async read(): Promise<Block | null> {
    return this.first.shift() ?? this.reader.next();
  }
}
