// What a checkout needs before it can run: the locked dependencies and a build of the present sources.
// Uses nothing but Node, because it runs before there is anything else.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ satisfied: boolean, stamp: string }} Readiness */

const DEPENDENCY_STAMP = 'node_modules/.sluice-ready';
const BUILD_STAMP = 'dist/.sluice-built';
/** What bin/sluice runs. */
export const PROGRAM = 'dist/bundle/main.js';
const NPM_OWN_RECORD = 'node_modules/.package-lock.json';

/** Where the stamp of installed dependencies is kept. @param {string} root */
export const dependencyStampFile = (root) => join(root, DEPENDENCY_STAMP);

/** Where the stamp of the build is kept. @param {string} root */
export const buildStampFile = (root) => join(root, BUILD_STAMP);

/** An image or package holds the build and no sources: there is nothing to install or compile. @param {string} root */
export function isDeployed(root) {
  return !existsSync(join(root, 'src')) && existsSync(join(root, PROGRAM));
}

/**
 * Dependencies are in order when our stamp carries the lock's hash, or when the packages it lists are there in
 * their versions: then somebody ran `npm ci` by hand.
 * @param {string} root @param {{ withDev: boolean }} options `withDev` asks for the development tools as well
 * @returns {Readiness}
 */
export function dependencyReadiness(root, { withDev }) {
  const lock = textOf(join(root, 'package-lock.json'));
  if (lock === null) return { satisfied: existsSync(join(root, 'node_modules')), stamp: '' };
  const stamp = sha256(lock);
  const stamped = textOf(dependencyStampFile(root))?.trim() === stamp;
  return { satisfied: stamped || matchesInstalled(root, lock, withDev), stamp };
}

/**
 * A build is in order when its stamp carries the names, sizes and times of the present sources.
 * @param {string} root
 * @returns {Readiness}
 */
export function buildReadiness(root) {
  const stamp = sha256(JSON.stringify(sourceState(root)));
  return { satisfied: textOf(buildStampFile(root))?.trim() === stamp, stamp };
}

/**
 * npm's own record is not enough: `npm install --package-lock-only` rewrites it and installs nothing. It is written
 * last, though, so without it an installation was broken off.
 * @param {string} root @param {string} lock @param {boolean} withDev
 */
function matchesInstalled(root, lock, withDev) {
  if (!existsSync(join(root, NPM_OWN_RECORD))) return false;
  return Object.entries(JSON.parse(lock).packages ?? {}).every(([path, wanted]) => {
    const needed = path !== '' && !wanted.optional && !wanted.devOptional && (withDev || !wanted.dev);
    return !needed || isInstalled(join(root, path), wanted.version);
  });
}

/** @param {string} folder @param {string | undefined} version undefined for a link */
function isInstalled(folder, version) {
  const manifest = textOf(join(folder, 'package.json'));
  return manifest !== null && (version === undefined || JSON.parse(manifest).version === version);
}

/** @param {string} root @returns {unknown[]} */
function sourceState(root) {
  const inputs = [
    ...['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/bundle.mjs'],
    ...filesUnder(root, 'src'),
  ];
  return inputs.filter((name) => existsSync(join(root, name))).map((name) => stateOf(root, name));
}

/** @param {string} root @param {string} name */
function stateOf(root, name) {
  const { size, mtimeMs } = statSync(join(root, name));
  return [name, size, mtimeMs];
}

/** @param {string} root @param {string} folder @returns {string[]} */
export function filesUnder(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesUnder(root, name);
      return [name];
    })
    .sort();
}

/** @param {string} file @returns {string | null} */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
