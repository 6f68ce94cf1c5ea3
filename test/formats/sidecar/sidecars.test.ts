import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PLAIN_SIDECARS } from '../../../src/formats/sidecar/sidecars.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-sidecars-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('checkAll', () => {
  test.each([3, 40])('says of each of %i files what is said of it alone', async (count) => {
    const paths = Array.from({ length: count }, (_, at) => Buffer.from(join(folder, `${at}.csv`)));
    for (const path of paths) await writeFile(path, 'a\n1\n');
    const wrong = `${'0'.repeat(32)}\n`;
    await writeFile(join(folder, '1.csv.md5'), wrong);
    const found = await PLAIN_SIDECARS.checkAll(paths);
    expect(found).toEqual(await Promise.all(paths.map((path) => PLAIN_SIDECARS.check(path))));
    expect(found.filter(({ reason }) => reason !== null)).toHaveLength(1);
    expect(found[1]?.reason).toMatch(/checksum/);
  });

  test('takes files of folders that are not there as they come', async () => {
    const paths = Array.from({ length: 40 }, (_, at) => Buffer.from(join(folder, 'gone', `${at}.csv`)));
    expect(await PLAIN_SIDECARS.checkAll(paths)).toEqual(paths.map(() => ({ complete: true, reason: null })));
  });
});
