import { detectEncoding } from '../../formats/delimited/detect-encoding.ts';
import type { Encoding } from '../../formats/delimited/dialect.ts';
import { withoutFooter } from '../../formats/delimited/footer-source.ts';
import type { KnownLine } from '../../formats/delimited/known-footers.ts';
import type { Sample } from './sample.ts';

/** What is to be known of a file's footer before it is looked at. */
export interface FooterInput {
  readonly sample: Sample;
  /** Null: what other programs write there is recognised. */
  readonly footerLines: number | null;
  readonly encoding: Encoding | undefined;
}

export interface BeforeFooter {
  readonly sample: Sample;
  /** Lines that were taken for a footer; whether they are one shows when it is known what a record looks like. */
  readonly known: readonly KnownLine[];
}

/** A sample without what stands behind the last record, which would be taken for one. */
export function beforeFooter({ sample, footerLines, encoding }: FooterInput): BeforeFooter {
  const options = { declared: footerLines, singleColumn: false, fits: () => false };
  if (sample.whole) {
    const found = withoutFooter(sample.head, options, encoding);
    return found === null
      ? { sample, known: [] }
      : { sample: { ...sample, head: found.bytes }, known: found.footer.known };
  }
  const last = sample.slices.at(-1);
  if (last === undefined || footerLines === 0) return { sample, known: [] };
  const rest = sample.slices.slice(0, -1);
  if (footerLines !== null) return { sample: { ...sample, slices: rest }, known: [] };
  const known = detectEncoding(sample.head, false, encoding).encoding;
  const found = withoutFooter(last, options, known);
  return { sample: found === null ? sample : { ...sample, slices: [...rest, found.bytes] }, known: [] };
}
