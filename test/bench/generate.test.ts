import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { withFaults } from '../../bench/generate/faults.ts';
import { recordChunks } from '../../bench/generate/record-chunks.ts';
import { repeated } from '../../bench/generate/repeat.ts';
import { SHAPES } from '../../bench/generate/shapes.ts';

async function* inPieces(text: string, bytes: number): AsyncGenerator<Buffer> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

const fileOf = (shape: keyof typeof SHAPES, records: number, seed = 1) =>
  Buffer.concat([...recordChunks(SHAPES[shape], records, seed)]).toString();

describe('generated records', () => {
  it.each([
    ['mixed', '700380145fc4dabf'],
    ['wide', 'f817a1e7c88648a9'],
    ['long', 'ff2a6ff10cd2d949'],
    ['narrow', '44f49873ac4e52f9'],
  ] as const)('%s: always the same bytes', (shape, start) => {
    expect(createHash('sha256').update(fileOf(shape, 200)).digest('hex').slice(0, 16)).toBe(start);
  });

  it('differ with the seed', () => {
    expect(fileOf('mixed', 10, 1)).not.toBe(fileOf('mixed', 10, 2));
  });

  it('mixed: 20 columns, quoted commas, doubled quotes, empty fields', () => {
    const lines = fileOf('mixed', 300).trimEnd().split('\n');
    expect(lines).toHaveLength(301);
    expect(lines[0]?.split(',')).toHaveLength(20);
    expect(lines.some((line) => line.includes('"Panel 24"" wide"'))).toBe(true);
    expect(lines.some((line) => line.includes(',,'))).toBe(true);
  });

  it('long: fields of 10 KB with newlines inside quotes', () => {
    const text = fileOf('long', 3);
    expect(text.length).toBeGreaterThan(30_000);
    expect(text.split('\n').length).toBeGreaterThan(100);
  });
});

describe('withFaults', () => {
  const clean = fileOf('mixed', 40);

  it.each([7, 1_000, 1_000_000])(
    'spoils every 10th record and no other, in pieces of %i bytes',
    async (bytes) => {
      const spoilt = (await textOf(withFaults(inPieces(clean, bytes), 10))).split('\n');
      const differing = clean.split('\n').flatMap((line, at) => (line === spoilt[at] ? [] : [at]));
      expect(differing).toEqual([10, 20, 30, 40]);
    },
  );

  it('takes the kinds of fault in turn', async () => {
    const lines = (await textOf(withFaults(inPieces(clean, 500), 10))).split('\n');
    expect(lines[10]).toContain(',many,');
    expect(lines[20]).toContain(',2023-02-30,');
    expect(lines[30]).toContain(',12.3.4,');
    expect(lines[40]?.split(',').length).toBe((clean.split('\n')[40]?.split(',').length ?? 0) - 1);
  });
});

describe('repeated', () => {
  const source = 'a,b\n1,2\n33,44\n';

  it('cuts after the last whole record that fits', async () => {
    expect(await textOf(repeated(() => inPieces(source, 100), 10))).toBe('a,b\n1,2\n');
  });

  it('goes on from the start without the header', async () => {
    expect(await textOf(repeated(() => inPieces(source, 5), 20))).toBe(`${source}1,2\n`);
    expect(await textOf(repeated(() => inPieces(source, 5), 19))).toBe(`${source}1,2\n`);
    expect(await textOf(repeated(() => inPieces(source, 5), 18))).toBe(`${source}1,2\n`);
    expect(await textOf(repeated(() => inPieces(source, 5), 17))).toBe(source);
  });

  it('ends when there are no records to repeat', async () => {
    expect(await textOf(repeated(() => inPieces('a,b\n', 5), 20))).toBe('a,b\n');
  });
});
