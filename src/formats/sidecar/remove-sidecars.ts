import { rm } from 'node:fs/promises';
import type { Sidecars } from './sidecars.ts';

/** Deletes what lies beside a file and is about it. */
export async function removeSidecars(sidecars: Sidecars, file: Buffer): Promise<void> {
  for (const sidecar of sidecars.pathsOf(file)) {
    try {
      await rm(sidecar, { force: true });
    } catch (error) {
      // A name that leaves no room for a suffix has no sidecar of that kind.
      if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error;
    }
  }
}
