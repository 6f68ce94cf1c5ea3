import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { type DetectedDialect, detectDialect, looksBinary } from '../../formats/delimited/detect-dialect.ts';
import type { Dialect, DialectOverrides, Field } from '../../formats/delimited/dialect.ts';
import { TrailerSource, withoutTrailer } from '../../formats/delimited/trailer-source.ts';
import { isUtf16, Utf16Source } from '../../formats/delimited/utf16-source.ts';
import { ColumnEvidence, type Inference, inferType } from '../inference/infer-types.ts';
import type { IdentifiedEntry, OpenedEntry } from './identified.ts';
import type { Sample } from './sample.ts';
import { sampleRecords } from './sample-records.ts';

const PREVIEW_RECORDS = 5;

/** What there is to say about delimited text by looking at a sample of it. */
export type IdentifiedContent = Pick<
  IdentifiedEntry,
  'detected' | 'described' | 'inferred' | 'sampleIsWhole' | 'preview' | 'open'
>;

export interface Content {
  /** Displayed in errors. */
  readonly title: string;
  /** Its extension is a hint at the dialect; null for none. */
  readonly fileName: string | null;
  readonly sample: Sample;
  readonly overrides: DialectOverrides | undefined;
  /** Matches a last line that is no record. */
  readonly trailer?: RegExp | undefined;
  /** Found out already. */
  readonly detected?: DetectedDialect;
  open(): RawEntry;
}

/** The bytes of an entry as they are before Postgres's needs are met. */
export interface RawEntry extends Omit<OpenedEntry, 'source'> {
  readonly bytes: ByteSource;
}

/** Refuses what is not text at all. */
export function refuseBinary(sample: Sample, title: string): void {
  if (looksBinary(sample.head)) throw new SluiceError('FILE_BINARY', { file: title });
}

/** Finds out dialect and types. */
export async function identifyContent(content: Content): Promise<IdentifiedContent> {
  const { title, fileName, overrides, trailer } = content;
  const sample = trailer === undefined ? content.sample : recordsOnly(content.sample, trailer);
  const detected =
    content.detected ??
    detectDialect(sample.head, {
      complete: sample.whole,
      ...(fileName !== null && { fileName }),
      ...(overrides && { overrides }),
    });
  if (detected === null) throw new SluiceError('FILE_EMPTY', { file: title });
  const records = await sampleRecords(sample, detected, title);
  return {
    detected,
    described: null,
    inferred: inferColumns(records, detected),
    sampleIsWhole: sample.whole,
    preview: records.slice(0, PREVIEW_RECORDS),
    open: () => forPostgres(content, detected.dialect),
  };
}

function inferColumns(records: readonly Field[][], detected: DetectedDialect): Inference[] {
  const { columnCount, dialect } = detected;
  const evidence = Array.from({ length: columnCount }, () => new ColumnEvidence());
  for (const record of records) {
    for (let at = 0; at < columnCount; at++) {
      const field = record[at];
      if (field !== undefined) evidence[at]?.observe(field, dialect.nullMarker);
    }
  }
  return evidence.map(inferType);
}

/** The trailer would be taken for a record; of a large file it may be part of the last slice. */
function recordsOnly(sample: Sample, trailer: RegExp): Sample {
  if (sample.whole) return { ...sample, head: withoutTrailer(sample.head, trailer) };
  return { ...sample, slices: sample.slices.slice(0, -1) };
}

function forPostgres({ open, title, trailer }: Content, dialect: Dialect): OpenedEntry {
  const opened = decoded(open(), dialect, title);
  if (trailer === undefined) return opened;
  const source = new TrailerSource(opened.source, trailer);
  return { ...opened, source, trailer: source };
}

function decoded({ bytes, ...raw }: RawEntry, { encoding }: Dialect, title: string): OpenedEntry {
  if (!isUtf16(encoding)) return { ...raw, source: bytes };
  return { ...raw, source: new Utf16Source(bytes, encoding, title), sizeHint: null };
}
