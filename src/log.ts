import winston from 'winston';
import { consoleFormat, jsonFormat } from './log/formats.ts';
import { LogFiles } from './log/log-files.ts';

/** Facts that go to the log file beside the message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where one thing is said once: a readable line on the console, a JSON line in the log file. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Shown only with DEBUG_LOGS. */
  debug(message: string, fields?: LogFields): void;
  /** Resolves when everything logged so far has reached the operating system. Nothing may be logged after. */
  close(): Promise<void>;
}

export interface LogOptions {
  /** Folder of the log files; null writes none. */
  readonly logsDir: string | null;
  readonly debug: boolean;
  /** Days a log file is kept. */
  readonly logDays: number;
  /** `stderr` for commands whose stdout is their result. */
  readonly console: 'stdout' | 'stderr' | 'none';
  /** Bytes after which a day's log file is continued in another one. Default: 20 MiB. */
  readonly maxFileBytes?: number;
}

const MAX_FILE_BYTES = 20 * 1024 * 1024;

type Level = 'error' | 'warn' | 'info' | 'debug';

/**
 * Opens the console and the log files.
 *
 * Logging never fails and never stops the service: when the folder cannot be written (missing rights, full disk)
 * that is said once on the console, and the file is tried again every minute.
 */
export function openLog(options: LogOptions): Log {
  const logger = winston.createLogger({
    level: options.debug ? 'debug' : 'info',
    transports: [consoleTransport(options.console)],
  });
  const files = options.logsDir === null ? null : openFiles(logger, options.logsDir, options);
  const collectLines = options.console === 'none' ? () => {} : inOneWrite(process[options.console]);
  const write = (level: Level) => (message: string, fields?: LogFields) => {
    files?.reopenIfDue();
    collectLines();
    logger.log({ level, message, fields });
  };
  return {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    debug: write('debug'),
    async close() {
      await new Promise<void>((resolve) => logger.once('finish', resolve).end());
      await files?.flushed();
    },
  };
}

function openFiles(logger: winston.Logger, folder: string, options: LogOptions): LogFiles {
  return new LogFiles({
    logger,
    folder,
    logDays: options.logDays,
    maxFileBytes: options.maxFileBytes ?? MAX_FILE_BYTES,
    format: jsonFormat,
    onUnusable(reason) {
      logger.log({ level: 'warn', message: `the log folder ${folder} cannot be written: ${reason}` });
    },
  });
}

function consoleTransport(target: LogOptions['console']): winston.transport {
  if (target === 'none') return new winston.transports.Console({ silent: true });
  const stream = process[target];
  outliveReader(stream);
  return new winston.transports.Stream({ stream, format: consoleFormat, eol: '\n' });
}

/** Lines that are logged without a pause go out together: writing to a pipe stops the process until it is done. */
function inOneWrite(stream: NodeJS.WriteStream): () => void {
  let isCorked = false;
  return () => {
    if (isCorked) return;
    isCorked = true;
    stream.cork();
    process.nextTick(() => {
      isCorked = false;
      stream.uncork();
    });
  };
}

/** A reader that goes away (`sluice start | head`) must not stop what is under way. */
export function outliveReader(stream: NodeJS.WriteStream): void {
  if (!stream.listeners('error').includes(ignoreBrokenPipe)) stream.on('error', ignoreBrokenPipe);
}

function ignoreBrokenPipe(): void {
  // There is nowhere left to report it.
}
