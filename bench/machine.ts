import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Machine } from './report/results.ts';

export async function describeMachine(): Promise<Machine> {
  const distribution = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(distribution)?.[1] ?? 'Linux';
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${name}, kernel ${release()}`,
  };
}

/** The commit that is checked out, with a mark when files differ from it; `unknown` outside of a repository. */
export async function describeCommit(): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short=12', 'HEAD')}${changed === '' ? '' : ' and uncommitted changes'}`;
  } catch {
    return 'unknown';
  }
}
