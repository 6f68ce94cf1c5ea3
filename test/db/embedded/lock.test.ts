import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../src/db/embedded/lock.ts';
import { isAlive, ownProcess, startOf } from '../../../src/db/embedded/processes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('withLock', () => {
  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(folder, work)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('is given back when the work fails', async () => {
    await expect(withLock(folder, () => Promise.reject(new Error('work')))).rejects.toThrow('work');
    expect(await withLock(folder, async () => 'in')).toBe('in');
  });

  it.each([
    ['a process that ended', { pid: 2_000_000_000, started: 'then' }],
    ['an earlier process of the same pid', { pid: process.pid, started: 'earlier' }],
  ])('of %s is passed over, by one at a time', async (_, holder) => {
    await writeFile(join(folder, '7'), JSON.stringify(holder));
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await sleep(2);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(folder, work)));
  });

  it('of a live process is waited for, then reported', async () => {
    await writeFile(join(folder, '7'), JSON.stringify(ownProcess()));
    await expect(withLock(folder, async () => 'in', 200)).rejects.toMatchObject({
      code: 'EMBEDDED_BUSY',
      facts: { pid: process.pid },
    });
  });
});

describe('isAlive', () => {
  it('knows this process', () => {
    expect(isAlive(ownProcess())).toBe(true);
  });

  it('knows that a killed child is dead', async () => {
    const child = spawn('sleep', ['30']);
    await once(child, 'spawn');
    const reference = { pid: child.pid ?? 0, started: startOf(child.pid ?? 0) ?? '' };
    expect(isAlive(reference)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(reference)).toBe(false);
  });
});
