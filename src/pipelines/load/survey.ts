import { BlockReader, type BlockReaderOptions } from '../../formats/delimited/block-reader.ts';
import { RecordParser } from '../../formats/delimited/parse-record.ts';
import { QuickLook } from '../../formats/delimited/quick-look.ts';
import { recordsOf } from '../../formats/delimited/records.ts';
import { HAZARD } from '../../formats/delimited/scan.ts';
import { type CopyJob, copyJob } from '../copy/copy-job.ts';
import { padded } from '../copy/take-apart.ts';
import type { OpenedEntry } from '../identify/identified.ts';
import { type InferredType, widenFor } from '../inference/infer-types.ts';
import type { LoadPlan } from '../plan/run-plan.ts';

/** A column whose type was only a guess. */
interface Guess {
  readonly at: number;
  readonly name: string;
  type: InferredType;
}

/**
 * Reads a whole file for the one purpose of finding types that hold every value of its inferred columns. Done when a
 * value has contradicted a guess: after it, loading starts over once and cannot be contradicted again.
 */
export async function surveyTypes(
  plan: LoadPlan,
  opened: OpenedEntry,
  reading: Pick<BlockReaderOptions, 'blockBytes' | 'maxRecordBytes'>,
): Promise<Map<string, InferredType>> {
  const job = copyJob(plan);
  const guesses = job.fields.flatMap(({ at, column, checked }): Guess[] =>
    checked && column.origin === 'inferred'
      ? [{ at, name: column.name, type: column.type as InferredType }]
      : [],
  );
  const reader = new BlockReader(opened.source, {
    ...reading,
    dialect: job.dialect,
    columnCount: plan.columns.length,
    file: plan.title,
  });
  try {
    for (let block = await reader.next(); block !== null; block = await reader.next()) {
      // What is going to be rejected does not count, whatever the types.
      const isRefused = block.piece !== undefined || (block.hazards & HAZARD.unterminatedQuote) !== 0;
      if (!isRefused) surveyBlock(job, guesses, block);
      reader.recycle(block);
    }
  } finally {
    await opened.source.close();
  }
  return new Map(guesses.map(({ name, type }) => [name, type]));
}

function surveyBlock(job: CopyJob, guesses: readonly Guess[], block: Parameters<typeof recordsOf>[0]): void {
  const parser = new RecordParser(job.dialect);
  const checks = Array.from(job.plan.columns, () => null as ((value: string) => boolean) | null);
  for (const guess of guesses) checks[guess.at] = (value) => widenFor(guess.type, [value]) === guess.type;
  const quick = QuickLook.suits(job.dialect) ? new QuickLook(block, job.dialect, checks) : null;
  for (const span of recordsOf(block, job.rules)) {
    if (quick?.isFine(span)) continue;
    const parsed = parser.parse(block.bytes.subarray(span.start, span.contentEnd));
    const fields = parsed.fields === null ? null : padded(job, parsed.fields);
    // What cannot be read, or has another number of fields, is going to be rejected whatever the types.
    if (fields === null || fields.length !== job.plan.columns.length) continue;
    for (const guess of guesses) {
      const field = fields[guess.at];
      if (field === undefined || (!field.quoted && field.value === job.dialect.nullMarker)) continue;
      guess.type = widenFor(guess.type, [field.value]);
    }
  }
}
