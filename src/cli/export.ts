import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportConfig } from '../config/define.ts';
import type { Settings } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { toSluiceError } from '../db/database-error.ts';
import { hasCode, SluiceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ExportJob } from '../pipelines/export/export-job.ts';
import type { Exported } from '../pipelines/export/exported.ts';
import { exportedLine } from '../pipelines/export/exported-line.ts';
import { runExport } from '../pipelines/export/run-export.ts';
import { type CommandContext, type CommonOptions, makeLedger, withDatabase } from './command.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface ExportOptions extends CommonOptions {
  readonly query?: string;
  readonly format?: string;
  readonly gzip?: boolean;
  readonly zstd?: boolean;
  readonly file?: string;
  readonly full?: boolean;
}

/** Tries of an export whose rows are counted to another number than were written. */
const TRIES = 4;
const FIRST_PAUSE_MS = 500;

/** `sluice export [NAME]`: writes what is named, or every export of the configuration, to files. */
export function exportFiles(name: string | undefined, options: ExportOptions): Promise<number> {
  return withLedgerOfExports(options, async (database, context) => {
    const wanted = wantedExports(name, options, context.settings);
    const done: Exported[] = [];
    const abort = new AbortController();
    let exitCode: number = EXIT.ok;
    const work = async () => {
      for (const one of wanted) {
        const onWarning = (problem: SluiceError) =>
          context.log.warn(`${problem.code}: ${problem.message}. ${problem.remedy}`);
        const whole = options.full ?? false;
        const job = { wanted: one, trigger: 'command', signal: abort.signal, whole, onWarning } as const;
        try {
          const exported = await writeCounted(database, context, job);
          if (exported !== null) done.push(exported);
          const line = exported === null ? `exported ${one.name}: nothing is new` : exportedLine(exported);
          context.log.info(line, { ...exported });
        } catch (thrown) {
          exitCode = Math.max(exitCode, report(context.log, thrown));
          if (abort.signal.aborted) break;
        }
      }
    };
    const working = work();
    const stop = () => {
      abort.abort();
      return working;
    };
    await untilSignalled({ stop, abortNow: () => abort.abort() }, working);
    if (options.json) printJson(done);
    else printTable(COLUMNS, done.map(asCells));
    return exitCode;
  });
}

/** Exports of the configuration are recorded; who has none may read a database in which nothing may be made. */
const withLedgerOfExports: typeof withDatabase = (options, work) =>
  withDatabase(options, async (database, context) => {
    if (context.settings.exports.length > 0) await makeLedger(database, context);
    return work(database, context);
  });

/** A large file that is published meanwhile makes the numbers differ; it is tried again when it has been. */
async function writeCounted(
  { pool }: Database,
  { settings, log }: CommandContext,
  job: ExportJob,
): Promise<Exported | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runExport(pool, settings, job);
    } catch (error) {
      if (attempt === TRIES || !hasCode(error, 'EXPORT_MISCOUNTED')) throw error;
      const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1);
      log.warn(`${error.message}; it is tried again in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal: job.signal }).catch(() => undefined);
    }
  }
}

function report(log: Log, thrown: unknown): number {
  const error = toSluiceError(thrown);
  log.error(`${error.code}: ${error.message}. ${error.remedy}`);
  return exitCodeOf(error);
}

const COLUMNS = ['export', 'rows', 'bytes', 'seconds', 'file'];

function asCells({ name, rows, bytes, seconds, file }: Exported): unknown[] {
  return [name, rows, bytes, seconds, file];
}

/** The options of the command win over those of the configuration. */
function wantedExports(
  name: string | undefined,
  options: ExportOptions,
  { exports }: Settings,
): readonly ExportConfig[] {
  const { query, format, gzip, zstd, file } = options;
  if (gzip && zstd) throw new SluiceError('USAGE', { reason: '--gzip and --zstd: choose one' });
  const given = {
    ...(format !== undefined && { format: formatOf(format) }),
    ...(gzip === true && { compression: 'gzip' as const }),
    ...(zstd === true && { compression: 'zstd' as const }),
    ...(file !== undefined && { file: path.normalize(file) }),
  };
  if (query !== undefined) return [{ name: name ?? 'query', query, ...given }];
  if (name !== undefined) return [{ ...(exports.find((one) => one.name === name) ?? { name }), ...given }];
  if (exports.length === 0) {
    throw new SluiceError('USAGE', { reason: 'no export is configured; name a model, a table or a --query' });
  }
  if (file !== undefined) throw new SluiceError('USAGE', { reason: '--file is for one export: name it' });
  return exports.map((one) => ({ ...one, ...given }));
}

function formatOf(given: string): NonNullable<ExportConfig['format']> {
  if (given === 'csv' || given === 'jsonl' || given === 'parquet') return given;
  throw new SluiceError('USAGE', { reason: `--format is ${given}; allowed is csv, jsonl or parquet` });
}
