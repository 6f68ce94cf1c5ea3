import type { DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { DescriptorColumn } from '../../formats/dump/descriptor.ts';
import { type DetectedTable, detectTable } from '../../formats/dump/detect-table.ts';
import type { Sample } from './sample.ts';

export interface TableInput {
  readonly title: string;
  /** Of the data, without folders. */
  readonly name: string;
  readonly table: string;
  readonly sample: Sample;
  /** Null for data without a descriptor. */
  readonly columns: readonly DescriptorColumn[] | null;
  readonly config: DatasetConfig | null;
}

/** How the data of one table is written; null when there is nothing. Without a header, its fields are the descriptor's columns. */
export function detectDumpTable(input: TableInput): DetectedTable | null {
  const { sample, name, columns, config } = input;
  const data = { head: sample.head, whole: sample.whole, fileName: name, overrides: config?.dialect ?? {} };
  const table = detectTable(data, columns ?? []);
  if (table === null || table.detected.header !== null || columns === null) return table;
  const { columnCount: count } = table.detected;
  if (count !== columns.length) {
    const facts = { file: input.title, table: input.table, count, described: columns.length };
    throw new SluiceError('DUMP_COLUMNS_DIFFER', facts);
  }
  return { ...table, detected: { ...table.detected, header: columns.map((column) => column.name) } };
}
