// A lock between processes: a folder, because making one either succeeds or fails, in one step.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
/** A lock whose owner cannot be told (killed between making the folder and naming itself) is taken over after this. */
const ORPHAN_MS = 10_000;

/**
 * Runs `work` while no other process holds the lock. A lock of a process that is gone is taken over.
 * @template T
 * @param {string} folder @param {() => Promise<T>} work @param {number} patienceMs
 * @returns {Promise<T>}
 */
export async function withLock(folder, work, patienceMs = 600_000) {
  const deadline = Date.now() + patienceMs;
  while (!acquire(folder)) {
    if (Date.now() > deadline) throw new Error(`another process has held ${folder} for too long`);
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function acquire(folder) {
  mkdirSync(dirname(folder), { recursive: true });
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(folder, 'pid'), String(process.pid));
  return true;
}

/** @param {string} folder */
function isAbandoned(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
  } catch {
    // Not named yet, or released in between.
  }
  try {
    return Date.now() - statSync(folder).mtimeMs > ORPHAN_MS;
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
