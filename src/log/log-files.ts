import type winston from 'winston';
import DailyRotateFile from 'winston-daily-rotate-file';
import { messageOf } from '../errors.ts';
import { makeFolderNow } from '../make-folder.ts';
import { deleteOldLogs } from './delete-old-logs.ts';

export interface LogFilesOptions {
  readonly logger: winston.Logger;
  readonly folder: string;
  readonly logDays: number;
  readonly maxFileBytes: number;
  readonly format: winston.Logform.Format;
  /** Called at most once. */
  readonly onUnusable: (reason: string) => void;
}

const REOPEN_MS = 60_000;
const FLUSH_MS = 2_000;

/**
 * The transport that writes `sluice-<date>.log`, taken out of the logger when it fails and put back later.
 *
 * The library's own deletion is not used: it remembers files in a record that two processes (the service and a
 * command) overwrite for each other, and forgets them when that record is damaged.
 */
export class LogFiles {
  readonly #options: LogFilesOptions;
  #transport: DailyRotateFile | null = null;
  #failedAt = 0;
  #reported = false;
  /** Files of the transport in use that were begun, and those that have taken everything. */
  #begun = 0;
  #finished = 0;

  constructor(options: LogFilesOptions) {
    this.#options = options;
    this.#open();
  }

  /** Tries a failed folder again, at most once a minute. */
  reopenIfDue(): void {
    if (this.#transport === null && Date.now() - this.#failedAt >= REOPEN_MS) this.#open();
  }

  /** Resolves when the files have taken everything, or after two seconds when they do not. */
  async flushed(): Promise<void> {
    const transport = this.#transport;
    if (transport === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS);
      // A file that was full may be busy still with what it had been given.
      const whenAllAre = () => {
        if (this.#finished < this.#begun) return;
        clearTimeout(timer);
        resolve();
      };
      transport.logStream.on('finish', whenAllAre);
      transport.logStream.end();
      whenAllAre();
    });
  }

  #open(): void {
    const { folder, logger, maxFileBytes, format } = this.#options;
    try {
      makeFolderNow(folder);
      const transport = new DailyRotateFile({
        dirname: folder,
        filename: 'sluice-%DATE%',
        extension: '.log',
        maxSize: maxFileBytes,
        format,
      });
      transport.on('new', () => void deleteOldLogs(folder, this.#options.logDays));
      transport.on('error', (error: Error) => this.#fail(error));
      // The library does not listen to its own stream: an error there would stop the process.
      transport.logStream.on('error', (error) => this.#fail(error));
      this.#begun = 1;
      this.#finished = 0;
      transport.logStream.on('rotate', () => this.#begun++);
      transport.logStream.on('finish', () => this.#finished++);
      this.#transport = transport;
      logger.add(transport);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const transport = this.#transport;
    this.#transport = null;
    this.#failedAt = Date.now();
    if (transport !== null) this.#options.logger.remove(transport);
    if (this.#reported) return;
    this.#reported = true;
    this.#options.onUnusable(messageOf(error));
  }
}
