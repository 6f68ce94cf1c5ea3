import { BlockReader } from '../../formats/delimited/block-reader.ts';
import { decodeText } from '../../formats/delimited/decode.ts';
import type { DetectedDialect } from '../../formats/delimited/detect-dialect.ts';
import type { Dialect, Field } from '../../formats/delimited/dialect.ts';
import { readFields } from '../../formats/delimited/read-fields.ts';
import { HAZARD } from '../../formats/delimited/scan.ts';
import { asRead, isUtf16 } from '../../formats/delimited/utf16-source.ts';
import { MemorySource } from '../../formats/memory-source.ts';
import type { Sample } from './sample.ts';

/** A slice in which more records than this have another number of fields was read out of step, inside a quoted field. */
const OUT_OF_STEP = 0.05;

/** The records of a sample, header and preamble left out. */
export async function sampleRecords(
  sample: Sample,
  detected: DetectedDialect,
  file: string,
): Promise<Field[][]> {
  const records = await headRecords(sample, detected, file);
  return records.concat(...sample.slices.map((slice) => sliceRecords(slice, detected)));
}

async function headRecords(sample: Sample, detected: DetectedDialect, file: string): Promise<Field[][]> {
  const { bytes, dialect } = asUtf8(sample.head, detected.dialect);
  // One byte more than there is: a record that fills its whole buffer counts as too long.
  const room = bytes.length + 1;
  const reader = new BlockReader(new MemorySource(bytes), {
    dialect,
    columnCount: detected.columnCount,
    blockBytes: room,
    maxRecordBytes: room,
    file,
    partial: !sample.whole,
  });
  const records: Field[][][] = [];
  for (let block = await reader.next(); block !== null; block = await reader.next()) {
    // A record whose quote stays open is going to be rejected: it says nothing about types.
    if ((block.hazards & HAZARD.unterminatedQuote) === 0) records.push(readFields(block.bytes, dialect));
  }
  return records.flat();
}

function sliceRecords(slice: Buffer, detected: DetectedDialect): Field[][] {
  const { bytes, dialect } = asUtf8(slice, detected.dialect);
  const lineEnd = dialect.newline === '\r' ? '\r' : '\n';
  const start = bytes.indexOf(lineEnd) + 1;
  const end = bytes.lastIndexOf(lineEnd) + 1;
  if (start === 0 || end <= start) return [];
  const records = readFields(bytes.subarray(start, end), dialect);
  const inStep = records.filter((record) => record.length === detected.columnCount);
  return inStep.length < records.length * (1 - OUT_OF_STEP) ? [] : inStep;
}

/** UTF-16 is turned into UTF-8, as the loader does; every other encoding stays. */
function asUtf8(bytes: Buffer, dialect: Dialect): { bytes: Buffer; dialect: Dialect } {
  if (!isUtf16(dialect.encoding)) return { bytes, dialect };
  const text = decodeText(bytes.subarray(dialect.bomBytes), dialect.encoding);
  return { bytes: Buffer.from(text, 'utf8'), dialect: asRead(dialect) };
}
