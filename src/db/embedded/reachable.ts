import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { SluiceError } from '../../errors.ts';
import type { ServerUser } from './server-user.ts';

/** Prints the first argument that cannot be entered (folders) or read (files). */
const FIRST_BLOCKED = `for path do
  if [ -d "$path" ]; then test -x "$path"; else test -r "$path"; fi || { printf %s "$path"; exit 0; }
done`;

/**
 * Throws EMBEDDED_UNREACHABLE, naming the first folder or file that blocks, unless `user` can get to every path.
 * The question is put to the kernel, as that user: modes alone would miss access lists and mount options.
 */
export async function checkReachable(user: ServerUser, paths: readonly string[]): Promise<void> {
  const wanted = [...new Set(paths.flatMap(withAncestors))];
  const shell = spawn('/bin/sh', ['-c', FIRST_BLOCKED, 'sh', ...wanted], {
    ...user.ids,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [blocked] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
  if (blocked !== '') {
    const reason = 'the user may not enter or read it';
    throw new SluiceError('EMBEDDED_UNREACHABLE', { user: user.name, path: blocked, reason });
  }
}

/** From the root down, so that the outermost obstacle is the one named. */
function withAncestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withAncestors(parent), path];
}
