// Makes a checkout ready to run: installs and builds, each only when needed, one process at a time.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import {
  buildReadiness,
  buildStampFile,
  dependencyReadiness,
  dependencyStampFile,
  filesUnder,
  isDeployed,
} from './readiness.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Holds while one process installs or builds. */
const LOCK = '.sluice-lock';

/**
 * Installs and builds what is missing or out of date; all output goes to stderr.
 * @param {string} root
 * @throws when npm or the compiler fails
 */
export async function ensureReady(root = ROOT) {
  if (isDeployed(root) || isReady(root)) return;
  await withLock(join(root, LOCK), async () => {
    const withDev = !buildReadiness(root).satisfied;
    if (!dependencyReadiness(root, { withDev }).satisfied) await install(root);
    if (!buildReadiness(root).satisfied) await build(root);
  });
}

/**
 * Builds when the sources have changed, type errors or not: for test runs, which check the types beside.
 * @param {string} root
 */
export async function ensureBuiltForTests(root = ROOT) {
  await withLock(join(root, LOCK), async () => {
    if (!buildReadiness(root).satisfied) await build(root, { allowTypeErrors: true });
  });
}

/**
 * Compiles into dist. With `allowTypeErrors` code is emitted all the same, for a test run that reports them itself.
 * @param {string} root @param {{ allowTypeErrors?: boolean }} [options]
 */
async function build(root, { allowTypeErrors = false } = {}) {
  const { stamp } = buildReadiness(root);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(compiler))
    throw new Error('there is no build in dist, and no compiler to make one: run npm ci');
  const quiet = allowTypeErrors ? 'ignore' : 2;
  const status = await run(process.execPath, [compiler, '-p', 'tsconfig.build.json'], root, quiet);
  if (status !== 0 && !allowTypeErrors) throw new Error('the build failed; the messages above say where');
  deleteStaleOutput(root);
  // Uses what has been installed by now.
  const { bundle } = await import('./bundle.mjs');
  await bundle(root);
  mkdirSync(join(root, 'dist'), { recursive: true });
  if (status === 0) writeFileSync(buildStampFile(root), `${stamp}\n`);
}

/**
 * Installs what running the tests takes, and leaves building to them.
 * @param {string} root
 */
export async function ensureInstalled(root = ROOT) {
  const ready = () => dependencyReadiness(root, { withDev: true }).satisfied;
  if (ready()) return;
  await withLock(join(root, LOCK), async () => {
    if (!ready()) await install(root);
  });
}

/** @param {string} root */
function isReady(root) {
  return dependencyReadiness(root, { withDev: false }).satisfied && buildReadiness(root).satisfied;
}

/** @param {string} root */
async function install(root) {
  process.stderr.write('sluice: installing dependencies (npm ci), this happens once\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const status = await run(npm, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], root);
  if (status !== 0) throw new Error('npm ci failed; the messages above say why');
  writeFileSync(dependencyStampFile(root), `${dependencyReadiness(root, { withDev: true }).stamp}\n`);
}

/**
 * Output of a source file that is no longer there would still be importable.
 * @param {string} root
 */
function deleteStaleOutput(root) {
  if (!existsSync(join(root, 'dist'))) return;
  for (const output of filesUnder(root, 'dist')) {
    if (output.startsWith('dist/bundle/')) continue;
    const source = output.replace(/^dist\//, 'src/').replace(/\.js(\.map)?$/, '.ts');
    if (/\.js(\.map)?$|\.json$/.test(output) && !existsSync(join(root, source))) rmSync(join(root, output));
  }
}

/** @param {string} command @param {string[]} args @param {string} cwd @param {2 | 'ignore'} output */
function run(command, args, cwd, output = 2) {
  return new Promise((/** @type {(status: number) => void} */ resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', output, output],
      shell: process.platform === 'win32',
    });
    child.on('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
    child.on('close', (status) => resolve(status ?? 1));
  });
}
