import { peakMemory, processTree } from './proc.ts';

const SAMPLE_MS = 50;

/**
 * Watches how much memory a process and its descendants take. The kernel keeps each one's peak, so only what is
 * allocated in the last 50 ms of a life can be missed. Peaks of several processes are added, though they may not
 * coincide.
 */
export class MemoryWatch {
  private readonly peaks = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
    this.sample();
  }

  /** Ends the watch and gives the peak in bytes. */
  stop(): number {
    clearInterval(this.timer);
    return [...this.peaks.values()].reduce((sum, peak) => sum + peak, 0);
  }

  private sample(): void {
    for (const pid of processTree(this.pid)) {
      const peak = peakMemory(pid);
      if (peak !== null) this.peaks.set(pid, peak);
    }
  }
}
