import type { Block } from '../../formats/delimited/block-reader.ts';
import { type CopyJob, rowNumber } from './copy-job.ts';
import { isNull, type ReadRecord } from './take-apart.ts';

/** Records in their own bytes, each with its number as one field in front, all with the same line end. */
export function numberedRaw(job: CopyJob, block: Block, records: readonly ReadRecord[]): Buffer {
  const { delimiter, newline } = job.dialect;
  const last = rowNumber(job, records.at(-1)?.span.record ?? 0);
  const room = (String(last).length + delimiter.length + newline.length) * records.length;
  const bytes = Buffer.allocUnsafe(block.bytes.length + room);
  let at = 0;
  for (const { span } of records) {
    at += bytes.write(`${rowNumber(job, span.record)}${delimiter}`, at, 'latin1');
    at += block.bytes.copy(bytes, at, span.start, span.contentEnd);
    at += bytes.write(newline, at, 'latin1');
  }
  return bytes.subarray(0, at);
}

/** The same in the dialect that COPY reads exactly: comma, double quotes, NULL as nothing. */
export function numberedNormalised(job: CopyJob, records: readonly ReadRecord[]): Buffer {
  const lines = records.map(({ span, fields }) => {
    const cells = job.fields.map(({ at }) => {
      const field = fields?.[at];
      if (field === undefined || isNull(job, field)) return '';
      return `"${field.value.includes('"') ? field.value.replaceAll('"', '""') : field.value}"`;
    });
    return `${[rowNumber(job, span.record), ...cells].join(',')}\n`;
  });
  return Buffer.from(lines.join(''), 'utf8');
}
