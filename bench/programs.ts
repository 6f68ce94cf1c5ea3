import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Program {
  readonly path: string;
  readonly version: string;
}

/** What peers need; null where it is missing. For psycopg2: the Python that has it. */
export interface Programs {
  readonly psql: Program | null;
  readonly unzip: Program | null;
  readonly pgloader: Program | null;
  readonly psycopg2: Program | null;
}

const PACKAGES: Readonly<Record<keyof Programs, string>> = {
  psql: 'postgresql-client',
  unzip: 'unzip',
  pgloader: 'pgloader',
  psycopg2: 'python3-psycopg2',
};

const run = promisify(execFile);

/** Looks for the programs; those of `pgBin` come before those on the PATH. */
export async function findPrograms(pgBin: string): Promise<Programs> {
  const [psql, unzip, loader, psycopg2] = await Promise.all([
    firstOf([join(pgBin, 'psql'), 'psql'], ['--version']),
    firstOf(['unzip'], ['-v']),
    firstOf(['pgloader'], ['--version']),
    firstOf(['python3', '/usr/bin/python3'], ['-c', PYTHON_VERSIONS]),
  ]);
  return { psql, unzip, pgloader: loader, psycopg2 };
}

const PYTHON_VERSIONS =
  'import platform, psycopg2; print("Python", platform.python_version() + ", psycopg2", psycopg2.__version__)';

async function firstOf(paths: readonly string[], args: readonly string[]): Promise<Program | null> {
  for (const path of paths) {
    const output = await run(path, [...args]).catch(() => null);
    if (output !== null) return { path, version: output.stdout.trim().split('\n')[0] ?? '' };
  }
  return null;
}

/** Installs the Debian packages of what is missing. Throws when this is not possible. */
export async function installMissing(programs: Programs): Promise<void> {
  const names = Object.keys(PACKAGES) as (keyof Programs)[];
  const missing = names.filter((name) => programs[name] === null).map((name) => PACKAGES[name]);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error('--install-peers needs root');
  await run('apt-get', ['update']);
  await run('apt-get', ['install', '-y', ...missing]);
}
