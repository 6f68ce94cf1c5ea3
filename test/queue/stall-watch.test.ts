import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import type { SourceFile } from '../../src/ledger/source-file.ts';
import { watchForStall } from '../../src/queue/stall-watch.ts';

const FILES = [1, 2, 3].map(fileOf);
const STALL_MS = 120;

describe('work that shows no sign of life', () => {
  it('is broken off: the file it hung on has stalled, those it had not come to are given back', async () => {
    const failures = await watch(async (signal, alive) => {
      alive([FILES[1] as SourceFile]);
      await aborted(signal);
      return new Map([2, 3].map((fileId) => [fileId, new Error('broken off')]));
    });
    expect(codesOf(failures)).toEqual({ 2: 'RUN_STALLED', 3: 'RUN_STOPPED' });
  });

  it('is left to itself when it does not even end by that', async () => {
    const failures = await watch(async (_signal, alive) => {
      alive([FILES[0] as SourceFile]);
      return new Promise(() => {});
    });
    expect(codesOf(failures)).toEqual({ 1: 'RUN_STALLED', 2: 'RUN_STOPPED', 3: 'RUN_STOPPED' });
  });
});

describe('work that goes on', () => {
  it('may take as long as it likes while it shows signs of life', async () => {
    const failures = await watch(async (signal, alive) => {
      for (let n = 0; n < 8; n++) {
        await sleep(STALL_MS / 2);
        alive(FILES);
      }
      return new Map(signal.aborted ? [[1, 'aborted']] : []);
    });
    expect(failures.size).toBe(0);
  });

  it('shows none while it does what gives none', async () => {
    const failures = await watch(async (signal, alive) => {
      alive(FILES, true);
      await sleep(3 * STALL_MS);
      return new Map(signal.aborted ? [[1, 'aborted']] : []);
    });
    expect(failures.size).toBe(0);
  });

  it('that is ended by others reports what it met', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const met = new Error('stopped');
    const failures = await watch(async (signal) => {
      await aborted(signal);
      return new Map([[1, met]]);
    }, stop.signal);
    expect([...failures]).toEqual([[1, met]]);
  });
});

function watch(
  work: Parameters<typeof watchForStall>[2],
  signal: AbortSignal = new AbortController().signal,
): ReturnType<typeof watchForStall> {
  return watchForStall(FILES, { stallMs: STALL_MS, signal }, work);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function codesOf(failures: ReadonlyMap<number, unknown>): Record<number, string> {
  const code = (error: unknown) =>
    hasCode(error, 'RUN_STALLED')
      ? 'RUN_STALLED'
      : hasCode(error, 'RUN_STOPPED')
        ? 'RUN_STOPPED'
        : String(error);
  return Object.fromEntries([...failures].map(([fileId, error]) => [fileId, code(error)]));
}

function fileOf(fileId: number): SourceFile {
  return {
    fileId,
    path: Buffer.from(`/imports/${fileId}.csv`),
    name: `${fileId}.csv`,
    displayPath: `${fileId}.csv`,
    label: null,
    identity: { size: 1, mtimeNs: 0n, inode: 0n, device: 0n },
    origin: 'imports',
    attempts: 0,
    waitingFor: null,
    replaysRunId: null,
    redelivery: null,
    checksWaived: false,
    feed: null,
  };
}
