import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RunEvent } from './run-event.ts';
import { EventRefused, type Transport } from './transport.ts';

const MOST_WAITING = 10_000;
const KEPT = `up to ${MOST_WAITING} events are kept and sent again`;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** What the end of the program waits for events. */
const GRACE_MS = 2_000;

/** Events on their way to one target, in their order. Nothing waits for them, and nothing fails with them. */
export class Outbox {
  private readonly queue: RunEvent[] = [];
  private dropped = 0;
  private isFailing = false;
  private isWorking = false;
  private isStopping = false;
  private working: Promise<void> = Promise.resolve();
  private pauseMs = FIRST_PAUSE_MS;
  private wake: () => void = () => undefined;
  private readonly aborted = new AbortController();

  constructor(
    private readonly transport: Transport,
    private readonly log: Pick<Log, 'info' | 'warn'>,
  ) {}

  /** The oldest go when there are too many. */
  put(events: readonly RunEvent[]): void {
    this.queue.push(...events);
    const tooMany = this.queue.splice(0, Math.max(0, this.queue.length - MOST_WAITING)).length;
    this.dropped += tooMany;
    if (tooMany > 0) this.sayFailing('more come than it takes', 'the oldest are dropped');
    if (this.isWorking || this.isStopping) return;
    this.isWorking = true;
    this.working = this.work();
  }

  /** Gives what waits one more chance. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake();
    const late = setTimeout(() => this.aborted.abort(), GRACE_MS);
    await this.working;
    clearTimeout(late);
    const lost = this.dropped + this.queue.length;
    if (lost > 0) this.log.warn(`${lost} OpenLineage events did not reach ${this.transport.target}`);
  }

  private async work(): Promise<void> {
    for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) {
      if (await this.deliver(event)) continue;
      this.queue.unshift(event);
      if (this.isStopping) break;
      await this.pause();
    }
    this.isWorking = false;
  }

  /** False when it is to be tried again. */
  private async deliver(event: RunEvent): Promise<boolean> {
    try {
      await this.transport.send(event, this.aborted.signal);
      this.sayWorking();
      return true;
    } catch (error) {
      const isRefused = error instanceof EventRefused;
      this.sayFailing(messageOf(error), isRefused ? 'what is refused is dropped' : KEPT);
      if (isRefused) this.dropped++;
      return isRefused;
    }
  }

  private sayFailing(reason: string, consequence: string): void {
    if (this.isFailing) return;
    this.isFailing = true;
    this.log.warn(
      `OpenLineage events do not reach ${this.transport.target}: ${reason}. Loading goes on; ${consequence}`,
    );
  }

  private sayWorking(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    // While it is nearly full it would fail again at once.
    if (!this.isFailing || this.queue.length > MOST_WAITING / 2) return;
    this.isFailing = false;
    this.log.warn(
      `OpenLineage events reach ${this.transport.target} again; ${this.dropped} of them were dropped`,
    );
    this.dropped = 0;
  }

  private pause(): Promise<void> {
    const ms = this.pauseMs;
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, ms * 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
