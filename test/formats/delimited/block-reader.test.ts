import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from '../../../src/errors.ts';
import type { ByteSource } from '../../../src/formats/byte-source.ts';
import {
  type Block,
  BlockReader,
  type BlockReaderOptions,
} from '../../../src/formats/delimited/block-reader.ts';
import type { Dialect } from '../../../src/formats/delimited/dialect.ts';
import { HAZARD } from '../../../src/formats/delimited/scan.ts';
import { MemorySource } from '../../../src/formats/memory-source.ts';
import { USUAL } from './dialect-cases.ts';
import { hazardsOf, type NaiveRecord, splitNaively } from './naive-splitter.ts';
import { anyDialect, nastyText, tamePiece } from './random-texts.ts';

/** Gives bytes in pieces of the sizes asked for, over and over. */
class ChunkedSource implements ByteSource {
  private position = 0;
  private turn = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly sizes: readonly number[],
  ) {}

  async read(target: Buffer, offset: number): Promise<number> {
    const size = this.sizes[this.turn++ % this.sizes.length] ?? 1;
    const copied = this.bytes.copy(target, offset, this.position, this.position + size);
    this.position += copied;
    return copied;
  }

  async close(): Promise<void> {}
}

interface Cut {
  readonly head: Buffer;
  readonly blocks: readonly Block[];
  readonly error: unknown;
}

/** Blocks as they were when they were handed out; their memory is given back at once. */
async function cut(source: ByteSource, options: Partial<BlockReaderOptions> = {}): Promise<Cut> {
  const reader = new BlockReader(source, {
    dialect: USUAL,
    columnCount: 3,
    blockBytes: 64,
    maxRecordBytes: 1 << 20,
    file: 'x.csv',
    ...options,
  });
  const blocks: Block[] = [];
  let error: unknown = null;
  try {
    for (let block = await reader.next(); block !== null; block = await reader.next()) {
      blocks.push({ ...block, bytes: Buffer.from(block.bytes) });
      reader.recycle(block);
    }
    expect(reader.ended).toBe(true);
  } catch (thrown) {
    error = thrown;
  }
  expect(reader.recordsRead).toBe(blocks.reduce((sum, { records }) => sum + records, 0));
  return { head: reader.head, blocks, error };
}

interface Input {
  readonly dialect: Dialect;
  readonly columnCount: number;
  readonly preamble: string;
  readonly body: string;
}

const anyInput: fc.Arbitrary<Input> = anyDialect.chain((plain) => {
  const lineEnd = plain.newline;
  const line = fc.constantFrom('title', '', '"', 'é', 'a,b', '\\');
  return fc
    .record({
      bom: fc.boolean(),
      lines: fc.array(line, { maxLength: 2 }),
      header: fc.boolean(),
      columnCount: fc.constantFrom(1, 3),
      body: fc.oneof(
        nastyText(plain),
        fc
          .array(fc.array(tamePiece(plain), { minLength: 1, maxLength: 4 }), { maxLength: 8 })
          .map((records) => records.map((fields) => fields.join(plain.delimiter) + lineEnd).join('')),
      ),
    })
    .map(({ bom, lines, header, columnCount, body }) => ({
      dialect: { ...plain, header, bomBytes: bom ? 3 : 0, preambleLines: lines.length },
      columnCount,
      preamble: (bom ? '\xef\xbb\xbf' : '') + lines.map((text) => text + lineEnd).join(''),
      body,
    }));
});

/** The records of a body, where a line with an open quote is a record when others follow it and `readsOn` says so. */
function splitOn(body: string, { dialect, columnCount }: Input, readsOn: boolean): NaiveRecord[] {
  const records = splitNaively(body, dialect, columnCount);
  const open = records.at(-1);
  if (!readsOn || columnCount === 1 || open === undefined || !open.open) return records;
  const lineEnd = body.indexOf(dialect.newline === '\r' ? '\r' : '\n', open.openedAt);
  if (lineEnd < 0) return records;
  const rest = splitOn(body.slice(lineEnd + 1), { dialect, columnCount, preamble: '', body: '' }, true);
  if (rest.every(({ blank }) => blank)) return records;
  const line = body.slice(open.start, lineEnd + 1);
  const lineEnds = line.split(dialect.newline === '\r' ? '\r' : '\n').length - 1;
  const shifted = rest.map((record) => ({
    ...record,
    ...{ start: record.start + lineEnd + 1, end: record.end + lineEnd + 1 },
    ...{ contentEnd: record.contentEnd + lineEnd + 1 },
    linesBefore: record.linesBefore + open.linesBefore + lineEnds,
  }));
  const bad = { ...open, end: lineEnd + 1, contentEnd: lineEnd + 1, lineEnds, open: true };
  return [...records.slice(0, -1), bad, ...shifted];
}

/** What the reader must make of an input: where the head ends, and the records after it. */
function expected(input: Input, readsOn: boolean) {
  const { dialect, preamble, body } = input;
  const all = splitOn(body, input, readsOn);
  const first = all.findIndex(({ blank }) => !blank);
  const inHead = dialect.header ? all.slice(0, first < 0 ? all.length : first + 1) : [];
  const lines = dialect.preambleLines + inHead.reduce((sum, { lineEnds }) => sum + lineEnds, 0);
  return {
    head: preamble + body.slice(0, inHead.at(-1)?.end ?? 0),
    records: all.slice(inHead.length),
    offset: preamble.length,
    line: (record: NaiveRecord) => record.linesBefore + dialect.preambleLines + 1,
    nextLine: lines + 1,
    headIsOpen: inHead.some(({ open }) => open),
  };
}

describe('BlockReader', () => {
  test('loses no byte and counts every record, however the bytes come and whatever the blocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyInput,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        fc.boolean(),
        async (input, sizes, blockBytes, firstBlockBytes, readsOn) => {
          const want = expected(input, readsOn);
          fc.pre(!want.headIsOpen);
          const { dialect, columnCount } = input;
          const source = new ChunkedSource(Buffer.from(input.preamble + input.body, 'latin1'), sizes);
          const { head, blocks, error } = await cut(source, {
            ...{ dialect, columnCount, blockBytes, firstBlockBytes },
            evidence: { isSound: () => readsOn, enough: 1 },
          });
          expect(head.toString('latin1')).toBe(want.head);
          expect(error).toBeNull();
          const left = matchBlocks(blocks, want.records, input, want.line);
          expect(left.filter(({ blank }) => !blank)).toEqual([]);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('reads the same from one that comes whole', async () => {
    const body = 'id,name\r\n1,"a\r\nb"\r\n\r\n2,é\r\n';
    const dialect = { ...USUAL, newline: '\r\n', bomBytes: 3 } as const;
    const { head, blocks } = await cut(new MemorySource(Buffer.from(`\ufeff${body}`)), { dialect });
    expect(head.toString()).toBe('\ufeffid,name\r\n');
    expect(
      blocks.map(({ records, firstRecord, firstLine }) => ({ records, firstRecord, firstLine })),
    ).toEqual([{ records: 2, firstRecord: 1, firstLine: 2 }]);
  });
});

/** Holds each block against the records it must have; gives the records that no block had. */
function matchBlocks(
  blocks: readonly Block[],
  records: readonly NaiveRecord[],
  { body, dialect }: Input,
  line: (record: NaiveRecord) => number,
): NaiveRecord[] {
  const left = [...records];
  let number = 1;
  for (const block of blocks) {
    // Blank lines that would be a block of their own are not handed out.
    while (left[0]?.blank && line(left[0]) < block.firstLine) left.shift();
    const mine: NaiveRecord[] = [];
    let bytes = 0;
    while (bytes < block.bytes.length) {
      const record = left.shift();
      if (record === undefined) throw new Error('more bytes than records');
      mine.push(record);
      bytes += record.end - record.start;
    }
    const [first, last] = [mine[0] as NaiveRecord, mine.at(-1) as NaiveRecord];
    expect(block.bytes.toString('latin1')).toBe(body.slice(first.start, last.end));
    const count = mine.filter(({ blank }) => !blank).length;
    expect(block).toMatchObject({
      records: count,
      firstRecord: number,
      firstLine: line(first),
      hazards: mine.some(({ open }) => open) ? HAZARD.unterminatedQuote : hazardsOf(mine, dialect),
    });
    // A record whose quote stays open stands alone.
    expect(mine.length === 1 || mine.every(({ open }) => !open)).toBe(true);
    number += count;
  }
  return left;
}

describe('BlockReader, records of any length', () => {
  const dialect = { ...USUAL, header: false };
  const read = (text: string, maxRecordBytes: number, blockBytes = 8) =>
    cut(new ChunkedSource(Buffer.from(text), [3]), { dialect, columnCount: 2, blockBytes, maxRecordBytes });

  test('a record may be longer than the block', async () => {
    const long = `1,"${'x\n'.repeat(500)}"\n`;
    const { blocks, error } = await read(`0,a\n${long}2,b\n`, 1 << 20);
    expect(error).toBeNull();
    expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString()).toBe(`0,a\n${long}2,b\n`);
    const places = blocks.map(({ records, firstRecord, firstLine }) => [records, firstRecord, firstLine]);
    expect(places).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
  });

  test.each([
    ['with its line end', '0,a\n1,xxxxxxxxxxxxx\n', 16],
    ['at the end of the file', '0,a\n1,xxxxxxxxxxxxxx', 16],
    ['in quotes at the end of the file', '0,a\n1,"xxxxxxxxxxxx"', 16],
  ])('a record as long as is allowed is read, %s', async (_name, text, limit) => {
    const { blocks, error } = await read(text, limit);
    expect(error).toBeNull();
    expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString()).toBe(text);
  });

  test('a longer one comes in pieces, and reading goes on after it', async () => {
    const text = '0,a\n1,"xxxxx\nxxxxxxxxxxxxxxxxxxxxx"\n2,b\n';
    const { blocks, error } = await read(text, 16);
    expect(error).toBeNull();
    expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString()).toBe(text);
    const places = blocks.map(({ records, firstRecord, piece }) => [records, firstRecord, piece]);
    expect(places).toEqual([
      [1, 1, undefined],
      [1, 2, 0],
      [0, 3, 1],
      [1, 3, undefined],
    ]);
    expect(blocks.at(-1)?.firstLine).toBe(4);
  });

  test('a quote beyond the limit is one too many when what follows reads as records', async () => {
    const { blocks, error } = await read(`0,a\n"b\nc",d\n1,"x\n${'2,b\n'.repeat(100)}`, 64);
    expect(error).toBeNull();
    expect(blocks.reduce((sum, { records }) => sum + records, 0)).toBe(103);
    const [bad] = blocks.filter(({ hazards }) => hazards === HAZARD.unterminatedQuote);
    expect(bad).toMatchObject({ records: 1, firstRecord: 3, firstLine: 4 });
    expect(bad?.bytes.toString()).toBe('1,"x\n');
  });

  test('a quote that is never closed, beyond the limit, is named when what follows is no record', async () => {
    const { error } = await read(`0,a\n"b\nc",d\n1,"x\n${'2\n'.repeat(100)}`, 64);
    expect(error).toMatchObject({ code: 'UNTERMINATED_QUOTE', facts: { line: 4 } });
  });

  test('records and pieces are those of the naive reading, whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyInput,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 3, max: 20 }),
        async (input, sizes, blockBytes, maxRecordBytes) => {
          const dialect = { ...input.dialect, header: false, bomBytes: 0, preambleLines: 0 };
          const { columnCount, body } = input;
          const naive = splitNaively(body, dialect, columnCount).filter(({ blank }) => !blank);
          const { blocks, error } = await cut(new ChunkedSource(Buffer.from(body, 'latin1'), sizes), {
            ...{ dialect, columnCount, blockBytes, maxRecordBytes },
            evidence: { isSound: () => false, enough: 1 },
          });
          // One byte more is read to see whether the file ends; a line end may be in it.
          const isLong = ({ start, end, terminator }: NaiveRecord) =>
            end - start > maxRecordBytes + (terminator === '' ? 0 : 1);
          const refused = naive.find((record) => record.open && isLong(record));
          if (refused !== undefined) {
            expect(error).toMatchObject({
              code: 'UNTERMINATED_QUOTE',
              facts: { line: refused.linesBefore + 1 },
            });
            return;
          }
          expect(error).toBeNull();
          const long = naive.filter(isLong).map(({ start, end }) => body.slice(start, end));
          expect(piecesTogether(blocks)).toEqual(long);
          const firsts = blocks.filter(({ piece }) => piece === 0);
          expect(firsts.map(({ firstRecord, firstLine }) => [firstRecord, firstLine])).toEqual(
            naive.flatMap((record, at) => (isLong(record) ? [[at + 1, record.linesBefore + 1]] : [])),
          );
          expect(blocks.reduce((sum, { records }) => sum + records, 0)).toBe(naive.length);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a head longer than is allowed is refused', async () => {
    const { error } = await cut(new MemorySource(Buffer.from('x'.repeat(100))), {
      ...{ blockBytes: 8, maxRecordBytes: 32, dialect: USUAL },
    });
    expect(hasCode(error, 'RECORD_TOO_LONG')).toBe(true);
  });

  test('of a sample, a record that the sample cuts off is left out', async () => {
    const { blocks } = await cut(new MemorySource(Buffer.from('0,a\n1,b\n2,"c')), {
      ...{ dialect, columnCount: 2, blockBytes: 64, partial: true },
    });
    expect(blocks.map(({ bytes }) => bytes.toString())).toEqual(['0,a\n1,b\n']);
  });
});

/** The records that came in pieces. */
function piecesTogether(blocks: readonly Block[]): string[] {
  const records: string[] = [];
  for (const { piece, bytes } of blocks) {
    if (piece === undefined) continue;
    if (piece === 0) records.push('');
    records.push(`${records.pop()}${bytes.toString('latin1')}`);
  }
  return records;
}
