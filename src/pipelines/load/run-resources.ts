/** Bytes of small loads that one run keeps in memory until they are published; more goes into segments. */
const MEMORY_BYTES = 32 * 1024 * 1024;

/** What the load jobs of one run share: connections, and memory for what is published straight from it. */
export class RunResources {
  private free: number;
  private memory = MEMORY_BYTES;
  private readonly waiting: { readonly lanes: number; start(): void }[] = [];

  constructor(
    /** Connections for all large loads of the run together. */
    readonly lanes: number,
  ) {
    this.free = lanes;
  }

  /** True when a small load of this size can be kept in memory. */
  keep(bytes: number): boolean {
    if (bytes > this.memory) return false;
    this.memory -= bytes;
    return true;
  }

  /** The memory of a small load that is kept no longer. */
  giveBack(bytes: number): void {
    this.memory += bytes;
  }

  /** Does something that takes `lanes` connections, when they are free; first come, first served. */
  async withLanes<T>(lanes: number, work: () => Promise<T>): Promise<T> {
    if (this.waiting.length > 0 || lanes > this.free) {
      await new Promise<void>((resolve) => this.waiting.push({ lanes, start: resolve }));
    } else this.free -= lanes;
    try {
      return await work();
    } finally {
      this.free += lanes;
      this.startNext();
    }
  }

  private startNext(): void {
    for (let next = this.waiting[0]; next !== undefined && next.lanes <= this.free; next = this.waiting[0]) {
      this.waiting.shift();
      this.free -= next.lanes;
      next.start();
    }
  }
}
