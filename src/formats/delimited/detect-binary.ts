import { detectEncoding } from './detect-encoding.ts';

/** How formats start that are dropped under a `.csv` name by mistake. An XLSX file is a ZIP file. */
const MAGICS: readonly (readonly [name: string, start: string])[] = [
  ['ZIP', 'PK\x03\x04'],
  ['ZIP', 'PK\x05\x06'],
  ['gzip', '\x1f\x8b'],
  ['bzip2', 'BZh91AY&SY'],
  ['xz', '\xfd7zXZ\x00'],
  ['Zstandard', '\x28\xb5\x2f\xfd'],
  ['7z', '7z\xbc\xaf\x27\x1c'],
  ['RAR', 'Rar!\x1a\x07'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['PDF', '%PDF-'],
  ['Microsoft Office', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['ELF', '\x7fELF'],
  ['SQLite', 'SQLite format 3\x00'],
  ['Parquet', 'PAR1\x15'],
  ['Avro', 'Obj\x01'],
  ['ORC', 'ORC\x0a\x03'],
  ['UTF-32', '\xff\xfe\x00\x00'],
  ['UTF-32', '\x00\x00\xfe\xff'],
];

/** A few stray control characters are a matter for the records that hold them, not for the file. */
const FEW = 4;
const TOLERATED_SHARE = 0.02;
const TINY_FILE_SHARE = 0.3;

/**
 * Why the sample is no text, null when it is: it starts like a known binary format (archives, images, PDF, office
 * files, databases, UTF-32), or too many of its bytes are control characters. UTF-16 is text.
 */
export function looksBinary(sample: Buffer): string | null {
  const magic = MAGICS.find(([, start]) => sample.subarray(0, start.length).toString('latin1') === start);
  if (magic !== undefined) return `it starts like a ${magic[0]} file`;
  const { encoding } = detectEncoding(sample, false);
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return null;
  const controls = countControls(sample);
  const tolerated = controls >= FEW ? TOLERATED_SHARE : TINY_FILE_SHARE;
  if (controls <= sample.length * tolerated) return null;
  return `${controls} of its first ${sample.length} bytes are control characters`;
}

/** Control characters other than tab, line ends, form feed and the like. */
function countControls(sample: Buffer): number {
  let count = 0;
  for (const byte of sample) {
    if (byte < 0x08 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b && byte !== 0x1a) || byte === 0x7f)
      count++;
  }
  return count;
}
