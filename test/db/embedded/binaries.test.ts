import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLibraryLinks, findBinaries } from '../../../src/db/embedded/binaries.ts';

let packageDir: string;
beforeEach(async () => {
  packageDir = await mkdtemp(join(tmpdir(), 'sluice-package-'));
  await mkdir(join(packageDir, 'native/lib'), { recursive: true });
});
afterEach(() => rm(packageDir, { recursive: true, force: true }));

describe('createLibraryLinks', () => {
  it('makes the links that npm could not pack, and again changes nothing', async () => {
    const links = [
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    ];
    await writeFile(join(packageDir, 'native/pg-symlinks.json'), JSON.stringify(links));
    await writeFile(join(packageDir, 'native/lib/libpq.so.5.18'), 'library');
    await createLibraryLinks(packageDir);
    await createLibraryLinks(packageDir);
    expect(await readFile(join(packageDir, 'native/lib/libpq.so'), 'utf8')).toBe('library');
    expect(await readlink(join(packageDir, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18');
  });
});

describe('findBinaries', () => {
  it('finds the programs for this machine', async () => {
    const { postgres, initdb } = await findBinaries();
    expect((await readFile(postgres)).length).toBeGreaterThan(1_000_000);
    expect((await readFile(initdb)).length).toBeGreaterThan(10_000);
  });
});
