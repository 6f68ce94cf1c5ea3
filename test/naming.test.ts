import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutToBytes, identifierFrom, shortenWithHash } from '../src/naming.ts';

describe('identifier', () => {
  for (const [original, expected] of [
    ['User Name', 'user_name'],
    ['UserID', 'userid'],
    ['  a--b  ', 'a_b'],
    ['__x__', 'x'],
    ['a__b', 'a__b'],
    ['a _ b', 'a___b'],
    ['2019 total', '2019_total'],
    ['Größe (m²)', 'größe_m²'],
    ['Cafe\u0301', 'café'],
    ['ÅSA', 'åsa'],
    ['İstanbul', 'i\u0307stanbul'],
    ['名前', '名前'],
    ['हिन्दी', 'हिन्दी'],
    ['q\u0323\u0307x', 'q\u0323\u0307x'],
    ['❤️ rating', 'rating'],
    ['a\u200bb', 'a_b'],
    ['x\ufe0f', 'x'],
    ['\u3164', ''],
    ['\u0301a', 'a'],
    ['\ud800a', 'a'],
    ['a\0b', 'a_b'],
    ['"; drop table x; --', 'drop_table_x'],
    ['€', ''],
  ] as const) {
    test(JSON.stringify(original), () => expect(identifierFrom(original)).toBe(expected));
  }

  test('made again is the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = identifierFrom(text);
        expect(identifierFrom(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a name cut to bytes', () => {
  test('ends at a character border and not with an underscore', () => {
    expect(cutToBytes('aåå', 4)).toBe('aå');
    expect(cutToBytes('ab_cd', 3)).toBe('ab');
    expect(cutToBytes('a😀', 4)).toBe('a');
  });
  test('that fits is left alone', () => expect(cutToBytes('abc', 3)).toBe('abc'));
});

describe('a name shortened with a hash', () => {
  test('that fits is left alone', () => expect(shortenWithHash('abc', 20)).toBe('abc'));
  test('differs from another that starts alike', () => {
    const [a, b] = [shortenWithHash(`${'x'.repeat(60)}a`, 48), shortenWithHash(`${'x'.repeat(60)}b`, 48)];
    expect(a).not.toBe(b);
    expect(Buffer.byteLength(a)).toBeLessThanOrEqual(48);
  });
});

test('a very long name takes no long time', () => {
  const started = performance.now();
  expect(identifierFrom(`${'_'.repeat(1_000_000)}a${'_'.repeat(1_000_000)}b`)).toMatch(/^a_+b$/);
  expect(identifierFrom('å'.repeat(1_000_000))).toHaveLength(1_000_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
