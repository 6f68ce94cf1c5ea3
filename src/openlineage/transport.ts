import type { RunEvent } from './run-event.ts';

/** Takes one event to where it goes. */
export interface Transport {
  /** As it may stand in a message. */
  readonly target: string;
  send(event: RunEvent, signal: AbortSignal): Promise<void>;
}

/** The event will not be taken, however often it is sent. */
export class EventRefused extends Error {}
