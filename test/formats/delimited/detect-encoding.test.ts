import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectEncoding } from '../../../src/formats/delimited/detect-encoding.ts';

const TEXT = 'id;namn\n1;Åsa Öberg\n2;José\n';

describe('encoding', () => {
  const cases: readonly (readonly [name: string, bytes: Buffer, encoding: string, bomBytes: number])[] = [
    ['ASCII', Buffer.from('a,b\n'), 'utf-8', 0],
    ['UTF-8', Buffer.from(TEXT), 'utf-8', 0],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`), 'utf-8', 3],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), 'utf-16le', 2],
    ['UTF-16 BE with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16(), 'utf-16be', 2],
    ['UTF-16 LE without a mark', Buffer.from(TEXT, 'utf16le'), 'utf-16le', 0],
    ['UTF-16 BE without a mark', Buffer.from(TEXT, 'utf16le').swap16(), 'utf-16be', 0],
    ['UTF-16 LE of Chinese text', Buffer.from('编号,名称\n1,张三\n2,李四\n', 'utf16le'), 'utf-16le', 0],
    ['Latin-1 letters', Buffer.from(TEXT, 'latin1'), 'windows-1252', 0],
    ['windows-1252 punctuation', Buffer.from('a,b\n\x93x\x94,\x80 5\n', 'latin1'), 'windows-1252', 0],
    ['bytes that windows-1252 leaves undefined', Buffer.from('a\n\x81\x8d\xe9\n', 'latin1'), 'latin1', 0],
    [
      'one damaged character in much UTF-8',
      Buffer.concat([Buffer.from('åäö'.repeat(10)), Buffer.from([0xff])]),
      'utf-8',
      0,
    ],
    [
      'one damaged character beside one',
      Buffer.concat([Buffer.from('a\né\n'), Buffer.from([0xe9, 0x0a])]),
      'utf-8',
      0,
    ],
    [
      'one damaged line beside one that is right',
      Buffer.concat([Buffer.from('a\né\n'), Buffer.from([0xe9, 0x74, 0xe9, 0x0a])]),
      'utf-8',
      0,
    ],
    [
      'Latin-1 with one sequence that UTF-8 has too',
      Buffer.from('a\nFu\xdf\xbb\n\xe9t\xe9\n', 'latin1'),
      'windows-1252',
      0,
    ],
    ['one NUL in ASCII', Buffer.from('a,b\n1,\0\n'), 'utf-8', 0],
    ['nothing', Buffer.alloc(0), 'utf-8', 0],
  ];
  for (const [name, bytes, encoding, bomBytes] of cases) {
    test(name, () => expect(detectEncoding(bytes, true)).toMatchObject({ encoding, bomBytes }));
  }

  test('UTF-8 cut inside a character', () => {
    const bytes = Buffer.from('a,€,😀');
    for (let length = 3; length < bytes.length; length++) {
      expect(detectEncoding(bytes.subarray(0, length), false).encoding).toBe('utf-8');
    }
  });

  test('random UTF-8 text with one bad byte stays UTF-8, the same text in Latin-1 does not become it', () => {
    const word = fc.string({
      unit: fc.constantFrom(...'abcxyz0189 ,;åäöéüßñçøæÅÄÖÉ'),
      minLength: 1,
      maxLength: 40,
    });
    const bad = fc.constantFrom(0xe9, 0xff, 0x80, 0xc3, 0x93);
    fc.assert(
      fc.property(word, bad, fc.nat(), (text, byte, place) => {
        fc.pre(/[^ -~]/.test(text));
        const at = place % (text.length + 1);
        const bytes = Buffer.concat([
          Buffer.from(`${text.slice(0, at)}\n`),
          Buffer.from([byte]),
          Buffer.from(`\n${text.slice(at)}\n`),
        ]);
        expect(detectEncoding(bytes, true).encoding).toBe('utf-8');
        expect(detectEncoding(Buffer.from(`${text}\n`, 'latin1'), true).encoding).toBe('windows-1252');
      }),
      { numRuns: 500 },
    );
  });

  test('a first accent far behind the start', () => {
    const head = Buffer.from('id,name\n1,Ann\n');
    const latin1 = Buffer.from('7,José\n8,Åsa\n', 'latin1');
    expect(detectEncoding(head, false, undefined, [head, latin1]).encoding).toBe('windows-1252');
    const utf8 = Buffer.from('7,José\n8,Åsa €\n');
    for (let from = 0; from < utf8.length; from++) {
      for (let to = from; to <= utf8.length; to++)
        expect(detectEncoding(head, false, undefined, [utf8.subarray(from, to)]).encoding).toBe('utf-8');
    }
  });

  test('a whole file that ends inside a character is not UTF-8', () => {
    expect(detectEncoding(Buffer.from('a,€').subarray(0, 4), true).encoding).toBe('windows-1252');
  });

  test('declared, with its byte-order mark', () => {
    expect(detectEncoding(Buffer.from('\ufeffa'), true, 'utf-8')).toMatchObject({
      encoding: 'utf-8',
      bomBytes: 3,
    });
  });

  test('declared, against the byte-order mark', () => {
    expect(detectEncoding(Buffer.from('\ufeffa'), true, 'latin1')).toMatchObject({
      encoding: 'latin1',
      bomBytes: 0,
    });
  });
});
