import { SluiceError } from '../../errors.ts';
import { BlockReader, type BlockReaderOptions } from '../../formats/delimited/block-reader.ts';
import { recordsOf } from '../../formats/delimited/records.ts';
import { HAZARD } from '../../formats/delimited/scan.ts';
import { originalBytes } from '../../formats/delimited/utf16-source.ts';
import { copyJob } from '../copy/copy-job.ts';
import type { OpenedEntry } from '../identify/identified.ts';
import type { LoadPlan } from '../plan/run-plan.ts';
import { evidenceOf } from './evidence.ts';
import type { FoundRecord } from './loaded.ts';

/** More than this is not held in memory. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file once more for the bytes of some of its records, which were loaded and have to be rejected after all. By the
 * same rules as it was loaded, so that the numbers are the same.
 *
 * @throws FILE_CHANGED when its content is not what was loaded; KEYS_VIOLATED when there is too much to hold
 */
export async function findRecords(
  plan: LoadPlan,
  { opened, contentSha256 }: { readonly opened: OpenedEntry; readonly contentSha256: string },
  reading: Pick<BlockReaderOptions, 'blockBytes' | 'maxRecordBytes'>,
  wanted: ReadonlySet<number>,
): Promise<Map<number, FoundRecord>> {
  const job = copyJob(plan);
  const { dialect, rules } = job;
  const columnCount = plan.columns.length;
  const evidence = evidenceOf(job);
  const reader = new BlockReader(opened.source, {
    ...reading,
    ...{ dialect, columnCount, evidence, file: plan.title },
  });
  const found = new Map<number, FoundRecord>();
  let bytes = 0;
  try {
    for (let block = await reader.next(); block !== null; block = await reader.next()) {
      // What could not be read as a record was rejected already.
      const isRefused = block.piece !== undefined || (block.hazards & HAZARD.unterminatedQuote) !== 0;
      for (const { record, line, start, end } of isRefused ? [] : recordsOf(block, rules)) {
        if (!wanted.has(record)) continue;
        const raw = Buffer.from(originalBytes(plan.dialect, block.bytes.subarray(start, end)));
        bytes += raw.length;
        if (bytes > MOST_BYTES) throw tooMuch(plan, wanted.size);
        found.set(record, { line, raw });
      }
      reader.recycle(block);
    }
    if (opened.hashes().content !== contentSha256)
      throw new SluiceError('FILE_CHANGED', { file: plan.title });
    return found;
  } finally {
    await opened.source.close();
  }
}

function tooMuch(plan: LoadPlan, count: number): SluiceError {
  const table = `${plan.version.schema}.${plan.version.name}`;
  return new SluiceError('KEYS_VIOLATED', { file: plan.title, table, count });
}
