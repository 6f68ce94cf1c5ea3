import { isUtf8 } from 'node:buffer';
import { cutUtf8Bytes } from './decode.ts';
import type { Encoding } from './dialect.ts';

export interface DetectedEncoding {
  readonly encoding: Encoding;
  /** 0, 2 or 3. */
  readonly bomBytes: number;
  readonly why: string;
}

interface Bom {
  readonly encoding: Encoding;
  readonly bytes: readonly number[];
}

const BOMS: readonly Bom[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];

/** Bytes that windows-1252 leaves undefined; Postgres refuses them in that encoding. */
const UNDEFINED_IN_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** Share of character pairs with a NUL half from which text without a byte-order mark counts as UTF-16. */
const UTF16_NUL_SHARE = 0.1;

/**
 * The encoding of a file from its first bytes, and from `more` pieces of it, each cut anywhere: the first accent may come late.
 * `declared` wins; only its byte-order mark is then looked for.
 */
export function detectEncoding(
  sample: Buffer,
  complete: boolean,
  declared?: Encoding,
  more: readonly Buffer[] = [],
): DetectedEncoding {
  const bom = BOMS.find((candidate) => candidate.bytes.every((byte, at) => sample[at] === byte));
  if (declared !== undefined) {
    return {
      encoding: declared,
      bomBytes: bom?.encoding === declared ? bom.bytes.length : 0,
      why: 'declared',
    };
  }
  if (bom !== undefined) {
    return {
      encoding: bom.encoding,
      bomBytes: bom.bytes.length,
      why: 'the file starts with a byte-order mark',
    };
  }
  return { bomBytes: 0, ...(detectUtf16(sample) ?? detectEightBit(sample, complete, more)) };
}

type Verdict = Pick<DetectedEncoding, 'encoding' | 'why'>;

/** UTF-16 without a mark: ASCII characters, or at least delimiters and line ends, have one NUL half. */
function detectUtf16(sample: Buffer): Verdict | null {
  const nuls = [0, 0];
  const even = sample.length & ~1;
  for (let at = sample.indexOf(0); at >= 0 && at < even; at = sample.indexOf(0, at + 1)) {
    nuls[at & 1] = (nuls[at & 1] ?? 0) + 1;
  }
  const [first = 0, second = 0] = nuls;
  const needed = Math.max(2, (even / 2) * UTF16_NUL_SHARE);
  if (second >= needed && first * 20 < second) return utf16('utf-16le', 'second');
  if (first >= needed && second * 20 < first) return utf16('utf-16be', 'first');
  return null;
}

function utf16(encoding: Encoding, half: string): Verdict {
  return { encoding, why: `the ${half} byte of each pair is mostly NUL, and there is no byte-order mark` };
}

function detectEightBit(sample: Buffer, complete: boolean, more: readonly Buffer[]): Verdict {
  const head = complete ? sample : sample.subarray(0, sample.length - cutUtf8Bytes(sample));
  const pieces = [head, ...more.map(wholeSequences)];
  if (pieces.every((piece) => isUtf8(piece))) {
    const ascii = pieces.every((piece) => piece.every((byte) => byte < 0x80));
    return { encoding: 'utf-8', why: ascii ? 'only ASCII seen' : 'every byte seen is valid UTF-8' };
  }
  const whole = pieces.length === 1 ? head : Buffer.concat(pieces);
  const { right, wrong, rightLines, wrongLines } = countUtf8(whole);
  // In other encodings hardly any character is a valid sequence, by accident. And when it is damaged UTF-8 after all,
  // records are rejected for everybody to see; taken for windows-1252, every accent would be garbled in silence.
  if (right > 0 && (right >= wrong || rightLines >= wrongLines)) {
    const bytes = wrong === 1 ? 'byte seen is' : 'bytes seen are';
    return { encoding: 'utf-8', why: `UTF-8, though ${wrong} ${bytes} not valid in it` };
  }
  const undefinedByte = whole.find((byte) => UNDEFINED_IN_1252.has(byte));
  if (undefinedByte !== undefined) {
    const hex = `0x${undefinedByte.toString(16)}`;
    return { encoding: 'latin1', why: `not UTF-8, and byte ${hex} is undefined in windows-1252` };
  }
  return { encoding: 'windows-1252', why: 'not UTF-8: bytes above 0x7f stand alone' };
}

/** A piece that is cut anywhere, without the parts of characters at its ends. */
function wholeSequences(piece: Buffer): Buffer {
  let start = 0;
  while (start < Math.min(3, piece.length) && ((piece[start] as number) & 0xc0) === 0x80) start++;
  return piece.subarray(start, piece.length - cutUtf8Bytes(piece));
}

interface Utf8Count {
  /** Characters of several bytes. */
  right: number;
  /** Bytes that belong to none. */
  wrong: number;
  /** Lines with right ones alone. */
  rightLines: number;
  /** Lines with a wrong one. */
  wrongLines: number;
}

/** What is damaged is often all in one line: another sender's, or one that was repaired by hand. */
function countUtf8(bytes: Buffer): Utf8Count {
  const count = { right: 0, wrong: 0, rightLines: 0, wrongLines: 0 };
  let before = { ...count };
  const endLine = () => {
    if (count.wrong > before.wrong) count.wrongLines++;
    else if (count.right > before.right) count.rightLines++;
    before = { ...count };
  };
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] ?? 0;
    if (lead === LF || lead === CR) endLine();
    if (lead < 0x80) continue;
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    // Syriac, Thaana and N'Ko are rarer than `ß»` in Latin-1.
    const isRare = lead >= 0xdc && lead <= 0xdf;
    if (lead >= 0xc2 && !isRare && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length) {
      count.right++;
      at += length - 1;
    } else count.wrong++;
  }
  endLine();
  return count;
}

const LF = 0x0a;
const CR = 0x0d;
