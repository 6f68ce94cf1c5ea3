import type { DatasetConfig } from '../../config/define.ts';
import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { type DetectedDialect, detectDialect, looksBinary } from '../../formats/delimited/detect-dialect.ts';
import type { Dialect, DialectOverrides, Field } from '../../formats/delimited/dialect.ts';
import { FooterSource } from '../../formats/delimited/footer-source.ts';
import type { KnownLine } from '../../formats/delimited/known-footers.ts';
import { divide } from '../../formats/delimited/read-fields.ts';
import { TrailerSource, withoutTrailer } from '../../formats/delimited/trailer-source.ts';
import { isUtf16, Utf16Source } from '../../formats/delimited/utf16-source.ts';
import { ColumnEvidence, fitsType, type Inference, inferType } from '../inference/infer-types.ts';
import type { IdentifiedEntry, OpenedEntry } from './identified.ts';
import type { Sample } from './sample.ts';
import { beforeFooter } from './sample-footer.ts';
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
  /**
   * Lines at its end that are no data. Null: what is known of other programs' footers is recognised. Left out: there is none,
   * and none is looked for.
   */
  readonly footerLines?: number | null;
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

/** What a dataset says of the lines at the end of its files. Where it knows the last line, no other footer is guessed. */
export function footerLinesOf(config: DatasetConfig | null): number | null {
  return config?.dialect?.footerLines ?? (config?.complete?.trailer === undefined ? null : 0);
}

/** Finds out dialect and types. */
export async function identifyContent(content: Content): Promise<IdentifiedContent> {
  const { overrides, footerLines, sample } = content;
  if (footerLines === undefined) return (await look(content, sample)).content;
  const before = beforeFooter({ sample, footerLines, encoding: overrides?.encoding });
  const found = await look(content, before.sample);
  if (!before.known.some(found.isRecord)) return found.content;
  return (await look(content, sample)).content;
}

interface Look {
  readonly content: IdentifiedContent;
  /** True for what may be a footer and reads as a record. */
  isRecord(line: KnownLine): boolean;
}

async function look(content: Content, given: Sample): Promise<Look> {
  const { title, fileName, overrides, trailer } = content;
  const sample = trailer === undefined ? given : recordsOnly(given, trailer);
  const detected =
    content.detected ??
    detectDialect(sample.head, {
      complete: sample.whole,
      more: sample.slices,
      ...(fileName !== null && { fileName }),
      ...(overrides && { overrides }),
    });
  if (detected === null) throw new SluiceError('FILE_EMPTY', { file: title });
  const records = await sampleRecords(sample, detected, title);
  const inferred = inferColumns(records, detected);
  const isRecord = recordTest(detected, inferred, sample.whole ? records.length : null);
  return {
    isRecord,
    content: {
      detected,
      described: null,
      inferred,
      sampleIsWhole: sample.whole,
      preview: records.slice(0, PREVIEW_RECORDS),
      open: () => forPostgres(content, detected, isRecord),
    },
  };
}

/** In a table of one column every line has the right number of fields: there the type decides, or the number that the line tells. */
function recordTest(
  { dialect, columnCount }: DetectedDialect,
  inferred: readonly Inference[],
  records: number | null,
): (line: KnownLine) => boolean {
  return ({ text, count }) => {
    const [fields = []] = divide(text, dialect);
    if (columnCount > 1) return fields.length === columnCount;
    const isTold = count !== null && count === records;
    return !isTold && fields.every(({ value }) => fitsType(inferred[0]?.type ?? 'text', value));
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

function forPostgres(
  content: Content,
  { dialect, columnCount }: DetectedDialect,
  isRecord: Look['isRecord'],
): OpenedEntry {
  const { open, title, trailer, footerLines } = content;
  let opened = decoded(open(), dialect, title);
  if (footerLines !== undefined) {
    const options = { declared: footerLines, singleColumn: columnCount === 1, fits: isRecord };
    const footer = new FooterSource(opened.source, dialect.encoding, options);
    opened = { ...opened, source: footer, footer };
  }
  if (trailer === undefined) return opened;
  const source = new TrailerSource(opened.source, trailer);
  return { ...opened, source, trailer: source };
}

function decoded({ bytes, ...raw }: RawEntry, { encoding }: Dialect, title: string): OpenedEntry {
  if (!isUtf16(encoding)) return { ...raw, source: bytes };
  return { ...raw, source: new Utf16Source(bytes, encoding, title), sizeHint: null };
}
