import { INT32_DIGITS, largeNumber, putInt64 } from './numbers.ts';
import type { Output } from './output.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const LF = 0x0a;
const CR = 0x0d;
/** Digits that a double holds exactly. */
const MOST_DIGITS = 15;
/** Of a field: digits that are too many, a minus and what ends it. Longer ones end the loop before they are over. */
const LONGEST_FIELD = MOST_DIGITS + 3;
const NULL_LENGTH = -1;
const TWO_TO_32 = 2 ** 32;
/** Number of fields, and the record's number. */
const HEAD_ROOM = 14;

/**
 * Encodes records of nothing but whole numbers, as they usually look, in one loop: such rows are so short that what is
 * done for each field besides its digits would take most of the time. Whatever is unusual is left to its caller.
 */
export class WholeNumberRecords {
  /** How many records the last `encode` has written. */
  rows = 0;
  private readonly inputRoom: number;

  constructor(
    /** Bytes of each column's type: 2, 4 or 8. */
    private readonly widths: Uint8Array,
    private readonly delimiter: number,
    /** An empty field is NULL. */
    private readonly emptyIsNull: boolean,
    /** Bytes to be free where a record is written. */
    private readonly outputRoom: number,
  ) {
    this.inputRoom = widths.length * LONGEST_FIELD + 1;
  }

  /**
   * Writes the records from `from` on, of which the first has the number `record`, while there is room, up to the first
   * that is not usual. Gives the offset behind the last one.
   */
  encode(bytes: Buffer, from: number, record: number, out: Output): number {
    const { widths, delimiter, emptyIsNull } = this;
    const { view } = out;
    const last = widths.length - 1;
    const lastStart = bytes.length - this.inputRoom;
    const lastRoom = out.bytes.length - this.outputRoom;
    let high = Math.floor(record / TWO_TO_32);
    let low = record | 0;
    let start = from;
    let to = out.at;
    let rows = 0;
    while (start <= lastStart && to <= lastRoom) {
      let at = start;
      let put = to + HEAD_ROOM;
      let column = 0;
      for (; column <= last; column++) {
        let byte = bytes[at] as number;
        const isNegative = byte === MINUS;
        if (isNegative) byte = bytes[++at] as number;
        const first = at;
        let value = 0;
        for (let digit = byte - ZERO; digit >= 0 && digit <= 9; digit = byte - ZERO) {
          value = (value * 10 + digit) | 0;
          byte = bytes[++at] as number;
          if (at - first > MOST_DIGITS) break;
        }
        const digits = at - first;
        if (digits === 0) {
          if (isNegative || !emptyIsNull) break;
          view.setInt32(put, NULL_LENGTH);
          put += 4;
        } else if (digits <= INT32_DIGITS) {
          if (bytes[first] === ZERO && (digits > 1 || isNegative)) break;
          if (isNegative) value = -value | 0;
          const width = widths[column] as number;
          view.setInt32(put, width);
          if (width === 8) {
            view.setInt32(put + 4, value >> 31);
            view.setInt32(put + 8, value);
          } else if (width === 4) view.setInt32(put + 4, value);
          else if (value === (value << 16) >> 16) view.setInt16(put + 4, value);
          else break;
          put += 4 + width;
        } else {
          if (digits > MOST_DIGITS || bytes[first] === ZERO || widths[column] !== 8) break;
          const magnitude = largeNumber(bytes, first, at);
          view.setInt32(put, 8);
          putInt64(out, put + 4, isNegative ? -magnitude : magnitude);
          put += 12;
        }
        if (column < last) {
          if (byte !== delimiter) break;
          at++;
        }
      }
      if (column <= last) break;
      if (bytes[at] === CR) at++;
      if (bytes[at] !== LF) break;
      view.setInt16(to, last + 2);
      view.setInt32(to + 2, 8);
      view.setInt32(to + 6, high);
      view.setInt32(to + 10, low);
      low = (low + 1) | 0;
      if (low === 0) high++;
      start = at + 1;
      to = put;
      rows++;
    }
    this.rows = rows;
    out.at = to;
    return start;
  }
}
