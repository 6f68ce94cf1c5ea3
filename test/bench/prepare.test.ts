import { mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { prepareData } from '../../bench/generate/prepare.ts';
import { type DataName, recipesFor } from '../../bench/generate/recipes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-bench-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const prepare = (names: DataName[], rows = 400) =>
  prepareData(folder, recipesFor(rows), names, () => undefined);
const timeOf = async (name: string) => (await stat(join(folder, name))).mtimeMs;

describe('prepareData', () => {
  it('counts bytes and records of what it made', async () => {
    const made = (await prepare(['mixed.csv'])).get('mixed.csv');
    const text = await readFile(join(folder, 'mixed.csv'));
    expect(made).toMatchObject({ bytes: text.length, records: 400, faultEvery: null });
    expect(text.toString().trimEnd().split('\n')).toHaveLength(401);
  });

  it('uses what is there again', async () => {
    await prepare(['mixed.csv']);
    const before = await timeOf('mixed.csv');
    await prepare(['mixed.csv']);
    expect(await timeOf('mixed.csv')).toBe(before);
  });

  it('makes it again when the recipe is another', async () => {
    await prepare(['mixed.csv']);
    const made = await prepare(['mixed.csv'], 500);
    expect(made.get('mixed.csv')?.records).toBe(500);
  });

  it('makes it again when the file is cut off', async () => {
    await prepare(['mixed.csv']);
    await truncate(join(folder, 'mixed.csv'), 100);
    const made = await prepare(['mixed.csv']);
    expect((await stat(join(folder, 'mixed.csv'))).size).toBe(made.get('mixed.csv')?.bytes);
  });

  it('makes a ZIP file whose one entry is the CSV file', async () => {
    await prepare(['mixed.csv', 'mixed.zip']);
    const archive = await openPromise(join(folder, 'mixed.zip'));
    const names: string[] = [];
    const chunks: Buffer[] = [];
    for await (const entry of archive.eachEntry()) {
      names.push(entry.fileName);
      for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(Buffer.from(chunk));
      expect(crc32(Buffer.concat(chunks))).toBe(entry.crc32);
    }
    expect(names).toEqual(['mixed.csv']);
    expect(Buffer.concat(chunks)).toEqual(await readFile(join(folder, 'mixed.csv')));
  });
});
