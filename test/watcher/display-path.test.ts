import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayPath } from '../../src/watcher/display-path.ts';

describe('displayPath', () => {
  test.each([
    ['printable Unicode', 'Größe 价格 👩‍👩‍👧 🇩🇪.csv', 'Größe 价格 👩‍👩‍👧 🇩🇪.csv'],
    ['ASCII controls', 'a\n\r\t\x00\x1b[2J\x7f', String.raw`a\x0a\x0d\x09\x00\x1b[2J\x7f`],
    ['C1 controls', 'a\u0085\u009b', String.raw`a\u{85}\u{9b}`],
    ['bidi marks', 'evil\u202egpj.csv', String.raw`evil\u{202e}gpj.csv`],
    ['isolates', '\u2066x\u2069', String.raw`\u{2066}x\u{2069}`],
    ['line separators', 'a\u2028b\u2029', String.raw`a\u{2028}b\u{2029}`],
    ['byte order marks', '\ufeffa', String.raw`\u{feff}a`],
    ['a lone backslash', 'a\\b.csv', 'a\\b.csv'],
    ['what reads like an escape', String.raw`a\x0a`, String.raw`a\\x0a`],
    ['a backslash before an escape', 'a\\\n', String.raw`a\\\x0a`],
  ])('shows %s', (_, given, shown) => {
    expect(displayPath(Buffer.from(given))).toBe(shown);
  });

  test.each([
    ['a Latin-1 byte', [0x63, 0xe9, 0x2e], String.raw`c\xe9.`],
    ['a cut sequence', [0xe2, 0x82], String.raw`\xe2\x82`],
    ['an encoded surrogate', [0xed, 0xa0, 0x80], String.raw`\xed\xa0\x80`],
    ['an overlong form', [0xc0, 0xaf], String.raw`\xc0\xaf`],
    ['valid text around it', [0xc3, 0xa9, 0xff, 0xc3, 0xa9], String.raw`é\xffé`],
  ])('shows bytes that are not UTF-8: %s', (_, bytes, shown) => {
    expect(displayPath(Buffer.from(bytes))).toBe(shown);
  });

  test('shows different names differently', () => {
    const tricky = fc.array(
      fc.constantFrom(0x5c, 0x78, 0x30, 0x61, 0x0a, 0x75, 0x7b, 0x7d, 0xff, 0xc2, 0x85),
      {
        maxLength: 8,
      },
    );
    const shown = new Map<string, string>();
    fc.assert(
      fc.property(tricky, (bytes) => {
        const text = displayPath(Buffer.from(bytes));
        const hex = Buffer.from(bytes).toString('hex');
        expect(shown.get(text) ?? hex).toBe(hex);
        shown.set(text, hex);
      }),
      { numRuns: 20_000 },
    );
  });
});
