import type { Field } from '../../formats/delimited/dialect.ts';
import { fitsType, typeOf } from './fits-type.ts';
import { type InferredType, joinTypes } from './join-types.ts';

/** The value that made a column text. */
export interface Contradiction {
  /** From 1. */
  readonly record: number;
  readonly value: string;
  /** What the values before it were; null when it was the first. */
  readonly before: InferredType | null;
  readonly filledBefore: number;
}

/** What the values of one column say about its type; NULLs say nothing. Memory does not grow with the values. */
export class ColumnEvidence {
  #records = 0;
  #filled = 0;
  #type: InferredType | null = null;
  #smallest = '';
  #largest = '';
  #scale = 0;
  #contradiction: Contradiction | null = null;

  /** Takes one field into account: of record `record` (from 1), or of the record after the one before. */
  observe(field: Field, nullMarker: string, record = this.#records + 1): void {
    this.#records = record;
    const { value } = field;
    if (value === nullMarker && !field.quoted) return;
    const type = this.#type;
    if (type === null || (type !== 'text' && !fitsType(type, value))) this.#widen(value);
    this.#filled++;
    if (this.#type !== 'text') this.#measure(value);
  }

  /** The narrowest type for every value; null when all were NULL. */
  get type(): InferredType | null {
    return this.#type;
  }

  /** Values that are not NULL. */
  get filled(): number {
    return this.#filled;
  }

  /** First and last in the type's own order, as they stand in the file; meaningless for text. */
  get range(): { readonly smallest: string; readonly largest: string } {
    return { smallest: this.#smallest, largest: this.#largest };
  }

  /** Most digits seen behind the point. */
  get scale(): number {
    return this.#scale;
  }

  get contradiction(): Contradiction | null {
    return this.#contradiction;
  }

  #widen(value: string): void {
    const before = this.#type;
    const own = typeOf(value);
    this.#type = before === null ? own : joinTypes(before, own);
    if (this.#type !== 'text') return;
    this.#contradiction = { record: this.#records, value, before, filledBefore: this.#filled };
  }

  #measure(value: string): void {
    const isNumber = this.#type === 'bigint' || this.#type === 'numeric';
    if (this.#filled === 1) {
      this.#smallest = value;
      this.#largest = value;
    } else if (isNumber ? isLess(this.#largest, value) : this.#largest < value) this.#largest = value;
    else if (isNumber ? isLess(value, this.#smallest) : value < this.#smallest) this.#smallest = value;
    if (isNumber) this.#scale = Math.max(this.#scale, scaleOf(value));
  }
}

/** Near enough for a sentence: beyond 2^53 neighbours count as equal. */
function isLess(a: string, b: string): boolean {
  return Number(a) < Number(b);
}

function scaleOf(number: string): number {
  const point = number.indexOf('.');
  return point < 0 ? 0 : number.length - point - 1;
}
