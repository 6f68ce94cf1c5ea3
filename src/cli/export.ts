import path from 'node:path';
import type { ExportConfig } from '../config/define.ts';
import type { Settings } from '../config/settings.ts';
import { toSluiceError } from '../db/database-error.ts';
import { SluiceError } from '../errors.ts';
import { exportRequest } from '../pipelines/export/export-request.ts';
import type { Exported } from '../pipelines/export/exported.ts';
import { writeExport } from '../pipelines/export/write-export.ts';
import { type CommonOptions, withDatabase } from './command.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { untilSignalled } from './signals.ts';

export interface ExportOptions extends CommonOptions {
  readonly query?: string;
  readonly format?: string;
  readonly gzip?: boolean;
  readonly file?: string;
}

/** `sluice export [NAME]`: writes what is named, or every export of the configuration, to files. */
export function exportFiles(name: string | undefined, options: ExportOptions): Promise<number> {
  return withDatabase(options, async ({ pool }, { settings, log }) => {
    const at = new Date();
    const requests = wanted(name, options, settings).map((one) => exportRequest(one, settings, at));
    const done: Exported[] = [];
    const abort = new AbortController();
    const stop = async () => abort.abort();
    let exitCode: number = EXIT.ok;
    const work = async () => {
      for (const request of requests) {
        try {
          const exported = await writeExport(pool, request, abort.signal);
          done.push(exported);
          log.info(exportedLine(exported), { ...exported });
        } catch (thrown) {
          const error = toSluiceError(thrown);
          log.error(`${error.code}: ${error.message}. ${error.remedy}`);
          exitCode = Math.max(exitCode, exitCodeOf(error));
          if (abort.signal.aborted) break;
        }
      }
    };
    const working = work();
    await untilSignalled({ stop: () => stop().then(() => working), abortNow: () => abort.abort() }, working);
    if (options.json) printJson(done);
    else printTable(COLUMNS, done.map(asCells));
    return exitCode;
  });
}

const COLUMNS = ['export', 'rows', 'bytes', 'seconds', 'file'];

function asCells({ name, rows, bytes, seconds, file }: Exported): unknown[] {
  return [name, rows, bytes, seconds, file];
}

function exportedLine({ name, rows, bytes, seconds, file }: Exported): string {
  return `exported ${name}: ${rows} rows, ${bytes} bytes in ${seconds} s to ${file}`;
}

/** The options of the command win over those of the configuration. */
function wanted(
  name: string | undefined,
  options: ExportOptions,
  { exports }: Settings,
): readonly ExportConfig[] {
  const { query, format, gzip, file } = options;
  const given = {
    ...(format !== undefined && { format: formatOf(format) }),
    ...(gzip === true && { compression: 'gzip' as const }),
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

function formatOf(given: string): 'csv' | 'jsonl' {
  if (given === 'csv' || given === 'jsonl') return given;
  throw new SluiceError('USAGE', { reason: `--format is ${given}; allowed is csv or jsonl` });
}
