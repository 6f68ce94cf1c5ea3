import type { Candidate } from './detect-candidates.ts';
import { cellClarity } from './detect-cells.ts';
import { type FieldKind, type ScanSink, scanFields } from './scan-fields.ts';

/** Beyond these the verdict does not change, only the time it takes. */
export const MAX_RECORDS = 2000;
export const MAX_CELLS = 20_000;

/** One record as a candidate divides it. */
export interface ShapeRecord {
  readonly start: number;
  readonly end: number;
  readonly fields: number;
}

/** What a text looks like when it is divided by one candidate. */
export interface Shape {
  /** Records that are not blank. */
  readonly records: readonly ShapeRecord[];
  /** Fields quoted as they should be. */
  readonly quoted: number;
  /** Fields that start with a quote which does not close at their end. */
  readonly stray: number;
  /** Quoted fields that hold a delimiter or a line end. */
  readonly needed: number;
  /** Columns, by position, in which every filled cell but that of the first record is quoted; at least two of them. */
  readonly quotedColumns: number;
  /** 0 to 1: how far cells look like single values. */
  readonly clarity: number;
  /** Share of the text that lies behind a quote that never closes. */
  readonly swallowed: number;
}

/** Divides `text` and measures the result. `cut`: the text ends anywhere, so its last record is left out; an only record is closed. */
export function measureShape(text: string, candidate: Candidate, cut: boolean): Shape {
  const meter = new ShapeMeter(text, candidate, cut);
  const end = scanFields(text, candidate, meter, cut);
  const shape = meter.shape(end);
  if (!cut || shape.records.length > 0) return shape;
  return measureShape(text + (candidate.quote ?? ''), candidate, false);
}

class ShapeMeter implements ScanSink {
  readonly #records: ShapeRecord[] = [];
  readonly #plainCells: number[] = [];
  readonly #quotedCells: number[] = [];
  #fields = 0;
  #quoted = 0;
  #stray = 0;
  #needed = 0;
  #cells = 0;
  #clarity = 0;
  #stopped = false;

  constructor(
    private readonly text: string,
    private readonly candidate: Candidate,
    private readonly cut: boolean,
  ) {}

  field(start: number, end: number, kind: FieldKind): void {
    const column = this.#fields++;
    const value = this.text.slice(start, end);
    if (kind === 'quoted') {
      this.#quoted++;
      this.#quotedCells[column] = (this.#quotedCells[column] ?? 0) + 1;
      if (value.includes(this.candidate.delimiter) || /[\r\n]/.test(value)) this.#needed++;
    } else if (value !== '' && this.#records.length > 0) {
      this.#plainCells[column] = (this.#plainCells[column] ?? 0) + 1;
    }
    if (kind === 'stray') this.#stray++;
    if (kind === 'stray' || this.#cells >= MAX_CELLS) return;
    this.#cells++;
    this.#clarity += kind === 'quoted' ? 1 : cellClarity(value, this.candidate);
  }

  record(start: number, end: number, terminated: boolean): boolean {
    const fields = this.#fields;
    this.#fields = 0;
    const usable = terminated || !this.cut || this.#records.length === 0;
    if (usable && (fields > 1 || this.text.slice(start, end).trim() !== '')) {
      this.#records.push({ start, end, fields });
    }
    this.#stopped = this.#records.length >= MAX_RECORDS;
    return !this.#stopped;
  }

  shape(end: number): Shape {
    const cells = this.#cells + this.#stray;
    return {
      records: this.#records,
      quoted: this.#quoted,
      stray: this.#stray,
      needed: this.#needed,
      quotedColumns: this.#quotedCells.filter((n, column) => n > 1 && !this.#plainCells[column]).length,
      clarity: cells === 0 ? 0 : this.#clarity / cells,
      swallowed: this.#stopped || !this.cut ? 0 : 1 - end / this.text.length,
    };
  }
}
