import { randomBytes } from 'node:crypto';

const LOOK_EVERY_MS = 50;
/** Looks in a row that find nothing moving. */
const STILL_LOOKS = 20;

/**
 * Breaks off work that cannot go on any more. Inside of an altered message compressed data can end too early: then openpgp
 * waits for somebody to take the rest, for ever.
 *
 * Between two looks the event loop has turned, and a task has gone through Node's threads, which decompress: a machine that
 * is slow or a disk that hangs is no standstill.
 */
export class StandstillWatch {
  private breakOff: ((error: Error) => void) | null = null;
  private isLooking = false;
  private still = 0;
  private lastMoves = -1;
  private calls = 0;

  /** @param movesOf grows whenever something moves; null while something is under way */
  constructor(private readonly movesOf: () => number | null) {}

  run<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.calls++;
      this.breakOff = reject;
      if (!this.isLooking) this.lookLater();
      const done = () => {
        if (this.breakOff === reject) this.breakOff = null;
      };
      work.then(resolve, reject).then(done, done);
    });
  }

  private lookLater(): void {
    this.isLooking = true;
    setTimeout(() => randomBytes(1, () => this.look()), LOOK_EVERY_MS);
  }

  private look(): void {
    this.isLooking = false;
    if (this.breakOff === null) return;
    const moves = this.movesOf();
    const now = moves === null ? -1 : moves + this.calls;
    this.still = now >= 0 && now === this.lastMoves ? this.still + 1 : 0;
    this.lastMoves = now;
    if (this.still < STILL_LOOKS) this.lookLater();
    else this.breakOff(new Error('its compressed data ends too early'));
  }
}
