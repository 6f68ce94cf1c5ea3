import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { SluiceError } from '../../src/errors.ts';
import type { SettledFile } from '../../src/watcher/settled-file.ts';
import { Watcher } from '../../src/watcher/watcher.ts';
import type { WatcherOptions } from '../../src/watcher/watcher-options.ts';

/** Far longer than any test: a file found in time was found by an event. */
export const NEVER_MS = 10 * 60_000;
const PATIENCE_MS = 60_000;

export interface Delivery {
  readonly file: SettledFile;
  /** `performance.now()` when it was handed over. */
  readonly at: number;
}

/** A temporary imports folder with a watcher on it, both gone when the test has finished. */
export class WatchedFolder {
  readonly root = mkdtempSync(join(tmpdir(), 'sluice-watcher-'));
  readonly deliveries: Delivery[] = [];
  readonly problems: SluiceError[] = [];
  readonly watcher: Watcher;

  constructor(options: Partial<WatcherOptions> = {}) {
    this.watcher = new Watcher({
      root: this.root,
      settleMs: 200,
      rescanMs: NEVER_MS,
      usePolling: false,
      incompleteMs: NEVER_MS,
      onSettled: async (files) => this.record(files),
      onReported: (problem) => this.problems.push(problem),
      ...options,
    });
    onTestFinished(async () => {
      await this.watcher.stop();
      rmSync(this.root, { recursive: true, force: true });
    });
  }

  static async started(options: Partial<WatcherOptions> = {}): Promise<WatchedFolder> {
    const folder = new WatchedFolder(options);
    await folder.watcher.start();
    return folder;
  }

  record(files: readonly SettledFile[]): void {
    for (const file of files) this.deliveries.push({ file, at: performance.now() });
  }

  path(name: string): string {
    return join(this.root, name);
  }

  rawPath(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.root}/`), name]);
  }

  write(name: string, content: string | Buffer = 'a,b\n1,2\n'): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  get names(): string[] {
    return this.deliveries.map(({ file }) => file.relativePath);
  }

  get codes(): string[] {
    return this.problems.map(({ code }) => code);
  }

  async untilDelivered(count: number): Promise<readonly Delivery[]> {
    await until(() => this.deliveries.length >= count);
    return this.deliveries;
  }
}

/** Waits until a condition holds; throws when it does not for a minute. */
export async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${PATIENCE_MS} ms: ${condition}`);
    await sleep(5);
  }
}
