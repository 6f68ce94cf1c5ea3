import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file system that takes longer does not answer. */
const PATIENCE_MS = 15_000;

/**
 * Makes a folder and those above it, one by one: where none can be made, as below /proc, Node's own recursive mkdir tries for
 * ever. Throws what mkdir throws, or that it takes too long.
 */
export async function makeFolder(folder: string, patienceMs = PATIENCE_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = Math.ceil(patienceMs / 1000);
    timer = setTimeout(
      () => reject(new Error(`the file system does not answer for ${seconds} s`)),
      patienceMs,
    );
  });
  try {
    await Promise.race([makeEach(path.resolve(folder)), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function makeEach(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !(await isThere(at)); at = path.dirname(at)) missing.unshift(at);
  for (const one of missing) {
    await mkdir(one).catch((error: unknown) => {
      // Another process may have made it meanwhile.
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
  if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await stat(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && folder !== path.dirname(folder)) return false;
    throw error;
  }
}

/** The same at once, without a limit in time. */
export function makeFolderNow(folder: string): void {
  const missing: string[] = [];
  const root = path.parse(path.resolve(folder)).root;
  for (let at = path.resolve(folder); at !== root && !existsSync(at); at = path.dirname(at))
    missing.unshift(at);
  for (const one of missing) if (!existsSync(one)) mkdirSync(one);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
