import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../errors.ts';
import { codeOf } from '../sqlstate.ts';
import { isAlive, ownProcess, type ProcessRef } from './processes.ts';

const POLL_MS = 50;
const DEFAULT_LIMIT_MS = 600_000;
const FREE = 'free';

/**
 * Runs `work` while no other process runs one under the same folder; a holder that died is passed over.
 *
 * The lock is the file of the highest number. It is taken by creating the next number, which only one can, and given
 * back by marking it free; it is deleted only by a later holder. So nobody ever deletes a lock that has changed hands
 * since he looked, which is where lock files that are removed and made anew go wrong.
 *
 * Throws EMBEDDED_BUSY when a live holder keeps it longer than `limitMs`.
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T>,
  limitMs = DEFAULT_LIMIT_MS,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const held = await take(folder, Date.now() + limitMs);
  try {
    return await work();
  } finally {
    await publish(folder, FREE, (temp) => rename(temp, join(folder, String(held))));
  }
}

async function take(folder: string, deadline: number): Promise<number> {
  for (;;) {
    const highest = Math.max(0, ...(await numbersIn(folder)));
    const holder = await holderOf(join(folder, String(highest)));
    if (holder === null) {
      if (await claim(folder, highest + 1)) return highest + 1;
      continue;
    }
    if (Date.now() > deadline) throw new SluiceError('EMBEDDED_BUSY', { path: folder, pid: holder.pid });
    await sleep(POLL_MS);
  }
}

/** False when somebody else was faster: then the number is taken, or a higher one exists by now. */
async function claim(folder: string, number: number): Promise<boolean> {
  const own = join(folder, String(number));
  try {
    await publish(folder, JSON.stringify(ownProcess()), (temp) => link(temp, own));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  const others = (await numbersIn(folder)).filter((other) => other !== number);
  if (others.some((other) => other > number)) {
    await rm(own, { force: true });
    return false;
  }
  await Promise.all(others.map((other) => rm(join(folder, String(other)), { force: true })));
  return true;
}

/** Readers see a lock file whole or not at all. */
async function publish(folder: string, text: string, move: (temp: string) => Promise<void>): Promise<void> {
  const temp = join(folder, `.${randomUUID()}`);
  await writeFile(temp, text);
  try {
    await move(temp);
  } finally {
    await rm(temp, { force: true });
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  return (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The live process that holds the lock, or null. */
async function holderOf(path: string): Promise<ProcessRef | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return FREE;
    throw error;
  });
  const holder = parseProcess(text);
  return holder !== null && isAlive(holder) ? holder : null;
}

/** Null for anything else than what `ownProcess` gives. */
export function parseProcess(text: string): ProcessRef | null {
  const found = /^\{"pid":(\d+),"started":"([^"]*)"\}$/.exec(text.trim());
  return found === null ? null : { pid: Number(found[1]), started: String(found[2]) };
}
