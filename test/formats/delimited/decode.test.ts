import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutUtf8Bytes, decodeText, wholeCharacters } from '../../../src/formats/delimited/decode.ts';

describe('decoded text', () => {
  test('UTF-8', () => expect(decodeText(Buffer.from('å€😀'), 'utf-8')).toBe('å€😀'));
  test('UTF-16 LE', () => expect(decodeText(Buffer.from('å€😀', 'utf16le'), 'utf-16le')).toBe('å€😀'));
  test('UTF-16 BE', () =>
    expect(decodeText(Buffer.from('å€😀', 'utf16le').swap16(), 'utf-16be')).toBe('å€😀'));
  test('UTF-16 BE leaves the bytes as they were', () => {
    const bytes = Buffer.from([0, 0x61]);
    decodeText(bytes, 'utf-16be');
    expect([...bytes]).toEqual([0, 0x61]);
  });
  test('Latin-1', () => expect(decodeText(Buffer.from([0xe5, 0x80]), 'latin1')).toBe('å\u0080'));
  test('windows-1252', () => {
    expect(decodeText(Buffer.from([0x80, 0x92, 0x99, 0x9f, 0xe5, 0x81]), 'windows-1252')).toBe('€’™Ÿå\u0081');
  });
  test('a byte-order mark is kept for the caller', () => {
    expect(decodeText(Buffer.from('\ufeffa'), 'utf-8')).toBe('\ufeffa');
  });
  test('damaged bytes become U+FFFD', () =>
    expect(decodeText(Buffer.from([0x61, 0xff]), 'utf-8')).toBe('a\ufffd'));
});

describe('a character cut at the end', () => {
  test('is left out of UTF-8, whatever its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
        const bytes = Buffer.from(text);
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        expect(text.startsWith(decodeText(wholeCharacters(cut, 'utf-8'), 'utf-8'))).toBe(true);
      }),
    );
  });
  test('is not seen where every character is whole', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => cutUtf8Bytes(Buffer.from(text)) === 0));
  });
  test('is left out of UTF-16', () => {
    expect(wholeCharacters(Buffer.from([0x61, 0, 0x62]), 'utf-16le')).toEqual(Buffer.from([0x61, 0]));
  });
});
