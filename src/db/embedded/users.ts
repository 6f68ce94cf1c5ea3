import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../sqlstate.ts';
import { parseProcess } from './lock.ts';
import { isAlive, ownProcess } from './processes.ts';

/** Notes that this process uses the server; returns the note's path. The lock must be held. */
export async function registerUser(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const own = ownProcess();
  const note = join(folder, `${own.pid}.${randomUUID()}`);
  await writeFile(note, JSON.stringify(own));
  return note;
}

/** Notes of processes that still live. Those of dead ones are removed. The lock must be held. */
export async function liveUsers(folder: string): Promise<string[]> {
  const live: string[] = [];
  for (const name of await namesIn(folder)) {
    const note = join(folder, name);
    const user = parseProcess(await readFile(note, 'utf8'));
    if (user !== null && isAlive(user)) live.push(note);
    else await rm(note, { force: true });
  }
  return live;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
