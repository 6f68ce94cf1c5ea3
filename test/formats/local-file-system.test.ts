import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isOnLocalFileSystem } from '../../src/formats/local-file-system.ts';

async function asked(path: string): Promise<boolean> {
  const { dev } = await stat(path, { bigint: true });
  return isOnLocalFileSystem(Buffer.from(path), dev);
}

it.runIf(process.platform === 'linux')(
  'a file is on a disk of this machine, or that is not known',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-local-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'a.csv'), '');
    expect(await asked(join(folder, 'a.csv'))).toBe(true);
    expect(await asked('/proc/self/stat')).toBe(false);
    expect(await isOnLocalFileSystem(Buffer.from(join(folder, 'gone.csv')), -1n)).toBe(false);
    await writeFile(join(folder, 'gone.csv'), '');
    expect(await isOnLocalFileSystem(Buffer.from(join(folder, 'gone.csv')), -1n)).toBe(true);
  },
);
