import { type BigIntStats, lstatSync } from 'node:fs';
import path from 'node:path';
import { messageOf, SluiceError } from '../errors.ts';
import type { Arrival } from '../ledger/source-file.ts';
import { displayPath } from '../watcher/display-path.ts';
import type { CommonOptions } from './command.ts';
import { finishNamed } from './finish-named.ts';

export interface LoadOptions extends CommonOptions {
  readonly again?: boolean;
}

/** `sluice load FILE…`: loads the named files now, wherever they lie, and leaves them there. */
export async function load(files: readonly string[], options: LoadOptions): Promise<number> {
  const paths = new Set(files.map((file) => path.resolve(file)));
  const arrivals = [...paths].map(arrivalOf);
  const again = options.again ?? false;
  const name = 'sluice load';
  return finishNamed(options, { name, again, expected: arrivals.length }, (application, onDispatcher) =>
    application.load(arrivals, onDispatcher),
  );
}

/** What a path on the command line leads to. Anything but a regular file is refused before anything is loaded. */
export function arrivalOf(file: string): Arrival {
  const absolute = Buffer.from(path.resolve(file));
  const stats = lstatNow(absolute);
  if (!stats.isFile()) {
    throw new SluiceError('USAGE', { reason: `${displayPath(absolute)} is not a regular file` });
  }
  return {
    path: absolute,
    name: displayPath(Buffer.from(path.basename(file))),
    displayPath: displayPath(absolute),
    label: null,
    identity: { size: Number(stats.size), mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev },
    origin: 'command',
    waitingFor: null,
  };
}

/** Nothing else goes on yet, and a thread for each of thousands of files takes longer. */
function lstatNow(file: Buffer): BigIntStats {
  try {
    return lstatSync(file, { bigint: true });
  } catch (error) {
    throw new SluiceError('USAGE', { reason: `${displayPath(file)}: ${messageOf(error)}` }, error);
  }
}
