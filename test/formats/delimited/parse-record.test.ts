import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { RecordParser } from '../../../src/formats/delimited/parse-record.ts';
import { readFields } from '../../../src/formats/delimited/read-fields.ts';
import { compileRules, scanRecords } from '../../../src/formats/delimited/scan.ts';
import { USUAL } from './dialect-cases.ts';
import { anyDialect, anyValue, nastyText, written } from './random-texts.ts';

function parse(content: string | Buffer, dialect: Partial<Dialect> = {}) {
  return new RecordParser({ ...USUAL, ...dialect }).parse(Buffer.from(content as string));
}

function values(content: string | Buffer, dialect: Partial<Dialect> = {}): string[] | string {
  const { fields, fault } = parse(content, dialect);
  return fault === null ? fields.map(({ value }) => value) : fault.code;
}

describe('RecordParser', () => {
  test('gives back every value as it was written', () => {
    const anyRecord = fc.record({
      dialect: anyDialect,
      nullMarker: fc.constantFrom('', '\\N', 'NULL'),
      values: fc.array(anyValue, { minLength: 1, maxLength: 5 }),
      quoteAll: fc.boolean(),
    });
    fc.assert(
      fc.property(anyRecord, ({ dialect: plain, nullMarker, values: wanted, quoteAll }) => {
        const dialect = { ...plain, nullMarker };
        const cells = wanted.map((value) => written(value, dialect, quoteAll));
        fc.pre(cells.every((cell) => cell !== null));
        const { fields, fault } = parse(cells.join(dialect.delimiter), dialect);
        expect(fault).toBeNull();
        expect(fields?.map(({ value }) => value)).toEqual(wanted);
      }),
      { numRuns: 1500 },
    );
  });

  test('reads what the tolerant reader reads, or finds a fault', () => {
    const quotes = anyDialect.filter(({ quote }) => quote !== null);
    const anyText = quotes.chain((dialect) =>
      fc.record({ dialect: fc.constant(dialect), text: nastyText(dialect, 20) }),
    );
    fc.assert(
      fc.property(anyText, ({ dialect, text }) => {
        const bytes = Buffer.from(text, 'latin1');
        const rules = compileRules(dialect, 1);
        const { records, hazards } = scanRecords(bytes, 0, bytes.length, rules, { eof: true });
        fc.pre(records === 1 && hazards === 0 && !/[\r\n]$/.test(text));
        const { fields, fault } = new RecordParser(dialect).parse(bytes);
        if (fault !== null) expect(fault.code).toBe('INVALID_ENCODING');
        else expect([fields]).toEqual(readFields(bytes, dialect, 1));
      }),
      { numRuns: 2000 },
    );
  });

  test('tells a quoted NULL marker from NULL', () => {
    expect(parse('"NULL",NULL,', { nullMarker: 'NULL' }).fields).toEqual([
      { value: 'NULL', quoted: true },
      { value: 'NULL', quoted: false },
      { value: '', quoted: false },
    ]);
    expect(
      parse('\\\\N\t\\N', { quote: null, escape: '\\', delimiter: '\t', nullMarker: '\\N' }).fields,
    ).toEqual([
      { value: '\\N', quoted: true },
      { value: '\\N', quoted: false },
    ]);
  });

  test.each<[string, string | Buffer, Partial<Dialect>, string, number | null]>([
    ['text behind a closing quote', '1,"a"b,2', {}, 'STRAY_QUOTE', 1],
    ['a space behind a closing quote', '"a" ,2', {}, 'STRAY_QUOTE', 0],
    ['a doubled quote where nothing escapes', '"a""b"', { escape: null }, 'STRAY_QUOTE', 0],
    ['a quote that stays open', '1,2,"a', {}, 'UNTERMINATED_QUOTE', 2],
    ['an escaped quote at the end', '"a\\"', { escape: '\\' }, 'UNTERMINATED_QUOTE', 0],
    ['a NUL byte', '1,a\0b', {}, 'NUL_BYTE', null],
    ['a NUL byte by an escape', '1\ta\\000b', { quote: null, escape: '\\', delimiter: '\t' }, 'NUL_BYTE', 1],
    ['half a character', Buffer.from([0x61, 0xc3]), {}, 'INVALID_ENCODING', null],
    ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), {}, 'INVALID_ENCODING', null],
    ['an overlong form', Buffer.from([0xc0, 0xaf]), {}, 'INVALID_ENCODING', null],
    ['0x81 in windows-1252', Buffer.from([0x81]), { encoding: 'windows-1252' }, 'INVALID_ENCODING', null],
    [
      'bytes by escapes that are no character',
      '1\t\\303\\050',
      { quote: null, escape: '\\', delimiter: '\t' },
      'INVALID_ENCODING',
      1,
    ],
  ])('refuses %s', (_name, content, dialect, code, field) => {
    expect(parse(content, dialect).fault).toMatchObject({ code, field });
  });

  test.each<[string, string | Buffer, Partial<Dialect>, string[]]>([
    ['a quote inside a field', '5" nail,2', {}, ['5" nail', '2']],
    ['a delimiter of several characters', '1||"a||b"||2', { delimiter: '||' }, ['1', 'a||b', '2']],
    [
      'a delimiter of one byte above ASCII',
      Buffer.from('1§2', 'latin1'),
      { delimiter: '§', encoding: 'latin1' },
      ['1', '2'],
    ],
    ['windows-1252 as it is', Buffer.from([0x80, 0x2c, 0x9f]), { encoding: 'windows-1252' }, ['€', 'Ÿ']],
    ['latin1 as it is', Buffer.from([0x80, 0xe9]), { encoding: 'latin1' }, ['\u0080é']],
    ['a mark that is no byte-order mark', '\ufeff1,2', {}, ['\ufeff1', '2']],
    ['nothing', '', {}, ['']],
    ['a last field that is empty', '1,', {}, ['1', '']],
  ])('reads %s', (_name, content, dialect, wanted) => {
    expect(values(content, dialect)).toEqual(wanted);
  });

  test.each<[string, string, string[]]>([
    ['control characters', 'a\\tb\\nc\\rd\\be\\ff\\vg', ['a\tb\nc\rd\be\ff\vg']],
    [
      'octal and hexadecimal bytes, together one character',
      '\\303\\251\\xc3\\xA9\\x41\\7',
      ['éé\u0041\u0007'],
    ],
    ['a backslash before anything else', '\\q\\\\\\8\\xg', ['q\\8xg']],
    ['a hidden tab, LF and CR LF', 'a\\\tb\\\nc\\\r\nd', ['a\tb\nc\r\nd']],
    ['a backslash with nothing behind it', 'a\tb\\', ['a', 'b']],
    ['an old end-of-data mark', 'a\tb\\.', ['a', 'b.']],
  ])('of the text format, reads %s', (_name, content, wanted) => {
    expect(values(content, { quote: null, escape: '\\', delimiter: '\t', nullMarker: '\\N' })).toEqual(
      wanted,
    );
  });
});
