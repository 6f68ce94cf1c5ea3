import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DetectedDialect,
  detectDialect,
  looksBinary,
} from '../../../src/formats/delimited/detect-dialect.ts';
import type { DialectOverrides } from '../../../src/formats/delimited/dialect.ts';
import { KnownForm, MOST_RECOGNISED_BYTES } from '../../../src/formats/delimited/known-form.ts';
import { readFields } from '../../../src/formats/delimited/read-fields.ts';
import { compileRules, scanRecords } from '../../../src/formats/delimited/scan.ts';

const FILE = 'feed.csv';

function detect(bytes: Buffer, overrides?: DialectOverrides, fileName = FILE): DetectedDialect | null {
  return detectDialect(bytes, { complete: true, fileName, ...(overrides && { overrides }) });
}

function formOf(text: string, overrides?: DialectOverrides, fileName = FILE): KnownForm | null {
  const bytes = Buffer.from(text);
  const detected = detect(bytes, overrides, fileName);
  return detected === null ? null : KnownForm.of(detected, bytes, overrides);
}

function recognises(form: KnownForm | null, text: string | Buffer, fileName = FILE): boolean {
  return form !== null && form.read(Buffer.from(text), fileName, []) !== null;
}

const delimiter = fc.constantFrom(',', ';', '\t', '|');

/** Text that may stand in a cell, by bits that detection looks at. */
const odd = fc
  .array(
    fc.constantFrom(...'ab1 .,;|\t"\'\\[]{}()-é€\r\n\x1f\0', '""', '\r\n', "',", ', ', 'NULL', '1,5', '\\N'),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));

const usual = fc.oneof(
  fc.nat(99_999).map(String),
  fc.constantFrom(
    '',
    'x',
    'Åre',
    '2024-01-31',
    '1.50',
    'true',
    'two words',
    'a;b',
    'x,y',
    'p|q',
    '1,5',
    "O'Neil",
    '[1]',
  ),
);

const cell = fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: odd });

const name = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom('id', 'name', 'amount', 'a b', 'größe', 'x', '') },
  { weight: 1, arbitrary: fc.constantFrom('2020', '7', '#id', 'a;b', 'a,b', "'q", '"', 'sep=;', '[a', ' a') },
);

interface Style {
  readonly delimiter: string;
  readonly newline: string;
  readonly bom: boolean;
  readonly quoteAll: boolean;
  readonly ended: boolean;
}

const style = fc.record({
  delimiter,
  newline: fc.constantFrom('\n', '\n', '\r\n', '\r\n', '\r'),
  bom: fc.boolean(),
  quoteAll: fc.boolean(),
  ended: fc.boolean(),
});

/** Mostly well written; now and then a cell is not quoted that should be. */
function written(rows: readonly (readonly string[])[], how: Style, careless: boolean): string {
  const lines = rows.map((row) => row.map((value) => writtenCell(value, how, careless)).join(how.delimiter));
  return lines.join(how.newline) + (how.ended ? how.newline : '');
}

function writtenCell(value: string, how: Style, careless: boolean): string {
  const needs = how.quoteAll || /["\r\n]/.test(value) || value.includes(how.delimiter);
  return needs && !careless ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The header of a feed, a first file of it, and a second one that is more or less like it. */
const twoFiles = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => {
    const rows = fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 8,
    });
    const header = fc.array(name, { minLength: width, maxLength: width });
    const change = fc.record({
      style: fc.option(style, { freq: 2 }),
      careless: fc.constantFrom(...[0, 0, 0, 0, 0, 0, 0, 1]),
    });
    return fc.tuple(header, rows, rows, style, change, fc.nat(9));
  })
  .map(([header, first, second, how, change, ragged]) => {
    const head = written([header], { ...how, ended: true }, false);
    const mark = how.bom ? '\ufeff' : '';
    const rows = ragged === 0 ? [...second, ['x']] : second;
    return {
      first: mark + head + written(first, how, false),
      second: mark + head + written(rows, change.style ?? how, change.careless === 1),
    };
  });

describe('a file that is recognised', () => {
  test('would be detected just like the one that is known', () => {
    let recognised = 0;
    fc.assert(
      fc.property(twoFiles, fc.constantFrom(FILE, 'feed.tsv', 'feed.txt'), ({ first, second }, fileName) => {
        const known = detect(Buffer.from(first), undefined, fileName);
        const form = known && KnownForm.of(known, Buffer.from(first));
        const bytes = Buffer.from(second);
        const found = form?.read(bytes, fileName, []);
        if (!known || !found) return;
        recognised++;
        const detected = detect(bytes, undefined, fileName);
        expect(looksBinary(bytes)).toBeNull();
        expect(detected?.dialect).toEqual(known.dialect);
        expect(detected?.header).toEqual(known.header);
        expect(detected?.columnCount).toBe(known.columnCount);
        expectSameRecords(bytes, known, found.ends);
      }),
      { numRuns: 10_000 },
    );
    expect(recognised).toBeGreaterThan(1_500);
  });

  test('may be one of a dialect that is declared', () => {
    const overrides = fc.record(
      {
        delimiter,
        quote: fc.constant('"'),
        newline: fc.constantFrom('\n', '\r\n'),
        header: fc.constant(true),
        encoding: fc.constant('utf-8' as const),
        preambleLines: fc.constant(0),
        nullMarker: fc.constantFrom('\\N', 'NULL', '-'),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<DialectOverrides>;
    let recognised = 0;
    fc.assert(
      fc.property(twoFiles, overrides, ({ first, second }, declared) => {
        const known = detect(Buffer.from(first), declared);
        const form = known && KnownForm.of(known, Buffer.from(first), declared);
        const bytes = Buffer.from(second);
        const found = form?.read(bytes, FILE, []);
        if (!known || !found) return;
        recognised++;
        const detected = detect(bytes, declared);
        expect({ ...detected, reasons: null }).toEqual({ ...known, reasons: null });
        expectSameRecords(bytes, known, found.ends);
      }),
      { numRuns: 5_000 },
    );
    expect(recognised).toBeGreaterThan(200);
  });
});

/** The records end where the splitter ends them, each has all its fields, and there is nothing odd about them. */
function expectSameRecords(bytes: Buffer, known: DetectedDialect, ends: readonly number[]): void {
  const rules = compileRules(known.dialect, known.columnCount);
  const split: number[] = [];
  const onRecord = (_: number, end: number) => split.push(end);
  const { hazards } = scanRecords(bytes, known.dialect.bomBytes, bytes.length, rules, {
    eof: true,
    onRecord,
  });
  expect(hazards).toBe(0);
  expect(split.slice(1)).toEqual(ends);
  const records = readFields(bytes.subarray(known.dialect.bomBytes), known.dialect, known.columnCount);
  expect(new Set(records.map((record) => record.length))).toEqual(new Set([known.columnCount]));
}

const KNOWN = 'id,name\n1,one\n2,two\n';

describe('a file is not recognised', () => {
  const cases: Readonly<Record<string, string | Buffer>> = {
    'with another header': 'id,names\n1,one\n',
    'with the columns in another order': 'name,id\none,1\n',
    'with another delimiter': 'id;name\n1;one\n',
    'with another delimiter below the header': 'id,name\n1;one\n',
    'with a byte-order mark': '\ufeffid,name\n1,one\n',
    'that is empty': '',
    'with a header alone': 'id,name\n',
    'with other line ends': 'id,name\r\n1,one\r\n',
    'with other line ends below the header': 'id,name\n1,one\r\n',
    'with a blank line': 'id,name\n1,one\n\n2,two\n',
    'with too few fields': 'id,name\n1,one\n2\n',
    'with too many fields': 'id,name\n1,one\n2,two,zwei\n',
    'with a stray quote': 'id,name\n1,5" pipe\n',
    'with text behind a quote': 'id,name\n1,"one" \n',
    'with a quote that is never closed': 'id,name\n1,"one\n2,two\n',
    'with a NUL byte': 'id,name\n1,o\0e\n',
    'with another control character': 'id,name\n1,o\x1fe\n',
    'in another encoding': Buffer.from('id,name\n1,Åre\n', 'latin1'),
    'that is cut inside a character': Buffer.from('id,name\n1,é').subarray(0, -1),
    'with a backslash that could be an escape': 'id,name\n1,"a \\""\n',
    'with an apostrophe that could be a quote': "id,name\n1,'one'\n",
    'with cells that look like pieces': 'id,name\n[1,{one\n{2,[two\n',
    'that is too large to be decided by all its text': `id,name\n${'1,one\n'.repeat(MOST_RECOGNISED_BYTES / 6)}`,
  };

  test.each(Object.entries(cases))('%s', (_, text) => {
    const form = formOf(KNOWN);
    expect(recognises(form, KNOWN)).toBe(true);
    expect(recognises(form, text)).toBe(false);
  });

  test('when a value is not of its type', () => {
    const form = formOf(KNOWN);
    const digit = (bytes: Buffer, from: number) =>
      /\d/.test(String.fromCharCode(bytes[from] ?? 0)) ? from + 1 : -1;
    expect(form?.read(Buffer.from('id,name\n1,one\n,two\n"3",three\n'), FILE, [digit])).not.toBeNull();
    for (const value of ['x', '12', '""', '"12"', '1 ', ' 1']) {
      expect(form?.read(Buffer.from(`id,name\n${value},one\n`), FILE, [digit]), value).toBeNull();
    }
  });

  test('under a name that lets another delimiter win', () => {
    // Almost half of the cells look like pieces: not too many for a comma where commas are expected.
    const text = `id,name\n${'1,[one\n'.repeat(8)}`;
    expect(recognises(formOf(KNOWN), text, 'feed.csv')).toBe(true);
    expect(recognises(formOf(KNOWN), text, 'feed.tsv')).toBe(false);
  });
});

describe('no form is known', () => {
  const cases: Readonly<Record<string, string>> = {
    'of one column': 'name\none\n',
    'without a header': '1,2\n3,4\n',
    'of a header that could be data': 'id,2020\n1,one\n',
    'of a header that holds another delimiter': 'id,"name; other"\n1,one\n',
    'behind a preamble': 'Report\nid,name\n1,one\n2,two\n',
    'behind a declared delimiter': 'sep=,\nid,name\n1,one\n',
    'whose header starts like a comment': '#id,name\n1,one\n',
    'whose header could be a padded title': 'Report,,\n1,2,3\n',
    'of fields in apostrophes': "'id','name'\n'1','one'\n",
    'of lines that end in CR': 'id,name\r1,one\r',
  };

  test.each(Object.entries(cases))('%s', (_, text) => expect(formOf(text)).toBeNull());

  test.each<DialectOverrides>([
    { encoding: 'latin1' },
    { quote: null },
    { escape: '\\' },
    { header: false },
    { delimiter: ':' },
  ])('where %o is declared', (overrides) => expect(formOf('id,name\n1,one\n', overrides)).toBeNull());

  test('of a NULL marker that could be something else', () => {
    expect(formOf(KNOWN, { nullMarker: ';' })).toBeNull();
  });
});
