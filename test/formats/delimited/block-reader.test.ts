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

/** What the reader must make of an input: where the head ends, and the records after it. */
function expected({ dialect, columnCount, preamble, body }: Input) {
  const all = splitNaively(body, dialect, columnCount);
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
        async (input, sizes, blockBytes, firstBlockBytes) => {
          const want = expected(input);
          fc.pre(!want.headIsOpen);
          const { dialect, columnCount } = input;
          const source = new ChunkedSource(Buffer.from(input.preamble + input.body, 'latin1'), sizes);
          const { head, blocks, error } = await cut(source, {
            ...{ dialect, columnCount, blockBytes, firstBlockBytes },
          });
          expect(head.toString('latin1')).toBe(want.head);
          const open = want.records.find((record) => record.open);
          if (open === undefined) expect(error).toBeNull();
          else expect(error).toMatchObject({ code: 'UNTERMINATED_QUOTE', facts: { line: want.line(open) } });
          const whole = want.records.filter((record) => !record.open);
          const left = matchBlocks(blocks, whole, input, want.line);
          // An error may come before the block that the records in front of the bad one would have made.
          if (open === undefined) expect(left.filter(({ blank }) => !blank)).toEqual([]);
        },
      ),
      { numRuns: 1500, seed: 20261121 },
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
    if (!body.startsWith(block.bytes.toString('latin1'), left[0]?.start ?? 0)) dropBlanks(left, block);
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
      hazards: hazardsOf(mine, dialect),
    });
    number += count;
  }
  return left;
}

function dropBlanks(left: NaiveRecord[], block: Block): void {
  while (left[0]?.blank && left[0].linesBefore < block.firstLine) {
    left.shift();
    if (left[0] !== undefined && !left[0].blank) return;
  }
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

  test('a longer one is refused, with its line', async () => {
    const { blocks, error } = await read('0,a\n1,xxxxxxxxxxxxxxxxx\n2,b\n', 16);
    expect(error).toMatchObject({ code: 'RECORD_TOO_LONG', facts: { file: 'x.csv', line: 2, limit: 16 } });
    expect(blocks).toHaveLength(1);
  });

  test('a quote that is never closed is named, not the length it leads to', async () => {
    const { error } = await read(`0,a\n"b\nc",d\n1,"x\n${'2,b\n'.repeat(100)}`, 64);
    expect(error).toMatchObject({ code: 'UNTERMINATED_QUOTE', facts: { line: 4 } });
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
