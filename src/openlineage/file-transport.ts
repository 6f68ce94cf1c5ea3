import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RunEvent } from './run-event.ts';
import type { Transport } from './transport.ts';

/** Appends one line of JSON for each event. */
export class FileTransport implements Transport {
  constructor(readonly target: string) {}

  async send(event: RunEvent): Promise<void> {
    await mkdir(dirname(this.target), { recursive: true });
    await appendFile(this.target, `${JSON.stringify(event)}\n`);
  }
}
