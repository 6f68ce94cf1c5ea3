import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `work` with a file of this content, open for reading. */
export async function withFile<T>(content: Buffer, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-format-'));
  writeFileSync(join(folder, 'file'), content);
  const handle = await open(join(folder, 'file'));
  try {
    return await work(handle);
  } finally {
    await handle.close();
    rmSync(folder, { recursive: true });
  }
}
