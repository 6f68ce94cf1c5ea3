import { describe, expect, test } from 'vitest';
import {
  type DetectedDialect,
  type DetectOptions,
  detectDialect,
} from '../../../src/formats/delimited/detect-dialect.ts';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';

/** What most files are, and what is assumed when nothing speaks against it. */
export const USUAL: Dialect = {
  encoding: 'utf-8',
  bomBytes: 0,
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: true,
  preambleLines: 0,
  nullMarker: '',
};

export interface Case {
  readonly name: string;
  readonly text: string;
  /** What differs from the usual dialect. */
  readonly dialect?: Partial<Dialect>;
  readonly header?: readonly string[] | null;
  readonly columns?: number;
  readonly options?: Partial<DetectOptions>;
}

/** Detects the dialect of a whole file. */
export function detect(text: string | Buffer, options: Partial<DetectOptions> = {}): DetectedDialect | null {
  return detectDialect(Buffer.from(text as string), { complete: true, ...options });
}

export function check({ text, dialect = {}, header, columns, options }: Case): void {
  const detected = detect(text, options);
  expect(detected?.dialect).toEqual({ ...USUAL, ...dialect });
  if (header !== undefined) expect(detected?.header).toEqual(header);
  if (columns !== undefined) expect(detected?.columnCount).toBe(columns);
}

/** One test for each case. */
export function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const one of cases) test(one.name, () => check(one));
  });
}
