import type { Settings } from './config/settings.ts';
import type { Sidecars } from './formats/sidecar/sidecars.ts';
import { displayPath } from './watcher/display-path.ts';
import type { SettledFile } from './watcher/settled-file.ts';
import { Watcher } from './watcher/watcher.ts';
import type { WaitingFile } from './watcher/watcher-options.ts';

/** A file in the imports folder, and what it waits for as far as that can be told by looking at it. */
export interface UnsettledFile {
  /** Absolute, as the file system spells it. */
  readonly path: Buffer;
  /** Below the imports folder. */
  readonly shown: string;
  /** Bytes; null when it is not known. */
  readonly size: number | null;
  readonly reason: string;
}

/** Looks once at the imports folder with the eyes of the watcher, and takes nothing. */
export async function unsettledFiles(
  { importsDir, settleMs }: Pick<Settings, 'importsDir' | 'settleMs'>,
  sidecars: Sidecars,
): Promise<UnsettledFile[]> {
  const complete: SettledFile[] = [];
  const watcher = new Watcher({
    ...{ root: importsDir, settleMs: 0, rescanMs: 3_600_000, usePolling: false, incompleteMs: 0, sidecars },
    takeIncomplete: 'never',
    onSettled: async (files) => void complete.push(...files),
    onReported: () => {},
  });
  try {
    await watcher.start();
    await watcher.idle();
    const prefix = importsDir.length + 1;
    return [
      ...watcher.left().map((file) => fromLeft(file, prefix)),
      ...complete.map((file) => fromComplete(file, settleMs)),
    ];
  } finally {
    await watcher.stop();
  }
}

function fromLeft({ path, reason }: WaitingFile, prefix: number): UnsettledFile {
  return { path, shown: displayPath(path.subarray(prefix)), size: null, reason };
}

function fromComplete({ path, relativePath, identity }: SettledFile, settleMs: number): UnsettledFile {
  const unchangedMs = Date.now() - Number(identity.mtimeNs / 1_000_000n);
  const isYoung = unchangedMs < settleMs;
  const reason = isYoung ? `to stay unchanged for ${settleMs} ms` : 'the service to take it';
  return { path, shown: relativePath, size: identity.size, reason };
}
