import { readFile } from 'node:fs/promises';

const EVERY_MS = 500;

/** Resident memory of a process while something happens, in MB; zero where the system does not tell. */
export class MemoryWatch {
  private readonly seen: number[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number | null) {
    void this.look();
    this.timer = setInterval(() => void this.look(), EVERY_MS);
  }

  /** What was seen until now, at the end of each tenth of the time. */
  get tenths(): readonly number[] {
    return Array.from(
      { length: 10 },
      (_, n) => this.seen[Math.ceil(((n + 1) * this.seen.length) / 10) - 1] ?? 0,
    );
  }

  end(): { memoryBefore: number; memoryHighest: number; memoryAfter: number } {
    clearInterval(this.timer);
    const memoryHighest = Math.max(0, ...this.seen);
    return { memoryBefore: this.seen[0] ?? 0, memoryHighest, memoryAfter: this.seen.at(-1) ?? 0 };
  }

  private async look(): Promise<void> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
    if (kilobytes !== undefined) this.seen.push(Math.round(Number(kilobytes) / 1024));
  }
}
