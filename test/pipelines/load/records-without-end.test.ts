import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from './engine.ts';

const LIMIT = 100_000;
let engine: Engine;

beforeAll(async () => {
  const columns = { id: 'bigint', note: 'text' };
  engine = await Engine.open({ LANES: '2', MAX_RECORD_BYTES: String(LIMIT) }, [
    {
      name: 'wide',
      match: 'wide*.csv',
      columns,
      rejectLimit: 'none',
      dialect: { encoding: 'utf-16le', delimiter: ';' },
    },
    { name: 'long', match: 'long*.csv', columns, rejectLimit: 'none', dialect: { delimiter: ',' } },
    { name: 'plain', match: 'plain*.csv', columns, dialect: { delimiter: ',', quote: '"' } },
  ]);
});

afterAll(() => engine.close());

/** Records `from` to `to`, of about `padding` bytes each. */
function records(from: number, to: number, mark: string, padding = 1): string {
  const lines = Array.from({ length: to - from + 1 }, (_, at) => `${from + at}${mark}${'.'.repeat(padding)}`);
  return `${lines.join('\n')}\n`;
}

function rejectFile(name: string, runId: number): Promise<Buffer> {
  return readFile(join(engine.root, 'exports', 'rejects', `${name}.${runId}.csv`));
}

const counts = (read: number, rejected: number) => {
  return [{ recordsRead: read, rowsLoaded: read - rejected, rowsRejected: rejected, rowsSkipped: 0 }];
};

describe('a record that is too long', () => {
  // Pieces end anywhere, but within no character: half of one could not be given back.
  test.each([
    ['a small file', 'long_1', ',', 40, 1],
    ['a large file', 'long_2', ',', 9000, 1000],
    ['a large file of UTF-16', 'wide', ';', 4000, 1000],
  ])('of %s is kept whole, corrected and then loaded', async (_name, name, mark, count, padding) => {
    const encode = (text: string) => Buffer.from(text, name === 'wide' ? 'utf16le' : 'utf8');
    const start = name === 'wide' ? '\ufeff' : '';
    const header = `${start}id${mark}note\n`;
    const long = `${count + 1}${mark}"${'né😀\n'.repeat(40_000)}"\n`;
    const after = records(count + 2, 2 * count, mark, padding);
    const text = `${header}${records(1, count, mark, padding)}${long}${after}`;
    const outcome = await engine.load(`${name}.csv`, encode(text));
    expect(outcome).toMatchObject({ status: 'published', loads: counts(2 * count, 1) });
    expect(await rejectFile(`${name}.csv`, outcome.runId)).toEqual(encode(`${header}${long}`));
    const [reject] = await engine.rejects(outcome.runId);
    expect(reject).toMatchObject({
      code: 'RECORD_TOO_LONG',
      record: count + 1,
      line: count + 2,
      column: null,
    });
    const corrected = encode(`${header}${count + 1}${mark}short\n`);
    await engine.load(`${name}.csv.${outcome.runId}.csv`, corrected);
    expect(await engine.rejects(outcome.runId)).toEqual([]);
    const [sums] = await engine.query(
      `select count(*) as rows, bool_and(id = _row) as same from staging.${name.split('_')[0]} where _run_id = $1`,
      [outcome.runId],
    );
    expect(sums).toEqual({ rows: 2 * count, same: true });
    expect(await engine.orphans()).toEqual([]);
  });
});

describe('a quote that stays open', () => {
  test('costs its line when records follow, in a large file too', async () => {
    const text = `id,note\n1,"a\nb"\n2,"open\n${records(3, 9000, ',', 1000)}9001,"closed"\n`;
    const outcome = await engine.load('plain_open.csv', text);
    expect(outcome).toMatchObject({ status: 'published', loads: counts(9001, 1) });
    expect(await engine.rejects(outcome.runId)).toMatchObject([
      { record: 2, line: 4, column: 'note', code: 'UNTERMINATED_QUOTE', raw: Buffer.from('2,"open\n') },
    ]);
    const [sums] = await engine.query(
      'select count(*) as rows, bool_and(id = _row) as same from staging.plain where _run_id = $1',
      [outcome.runId],
    );
    expect(sums).toEqual({ rows: 9000, same: true });
    const correction = await engine.load(`plain_open.csv.${outcome.runId}.csv`, 'id,note\n2,"shut"\n');
    expect(correction).toMatchObject({ status: 'published' });
    expect(await engine.rejects(outcome.runId)).toEqual([]);
  });

  test('takes lines of text with it, and each counts for the limit', async () => {
    const start = `id,note\n${records(1, 40, ',')}`;
    const few = await engine.load('plain_few.csv', `${start}41,"open\nand more, of it\n`);
    expect(few).toMatchObject({ status: 'published', loads: counts(41, 1) });
    const [reject] = await engine.rejects(few.runId);
    expect(reject?.raw.toString()).toBe('41,"open\nand more, of it\n');
    const many = await engine.load('plain_many.csv', `${start}41,"open\n${'and more, of it\n'.repeat(6)}`);
    expect(many).toMatchObject({ status: 'failed', errorCode: 'REJECT_LIMIT_EXCEEDED' });
  });
});
