// Brings the generated tables of docs/ up to date: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorsTable, replaceSection, variablesTable } from './docs-tables.mjs';
import { ensureBuiltForTests, ensureInstalled, ROOT } from './ensure-ready.mjs';

await ensureInstalled();
await ensureBuiltForTests();
const { CATALOGUE } = await built('errors.js');
const { describeEnvironment } = await built('config/environment.js');
rewrite('docs/errors.md', 'errors', errorsTable(CATALOGUE));
rewrite('docs/configuration.md', 'variables', variablesTable(describeEnvironment()));

/** @param {string} path */
function built(path) {
  return import(pathToFileURL(join(ROOT, 'dist', path)).href);
}

/** @param {string} path @param {string} section @param {string} content */
function rewrite(path, section, content) {
  const file = join(ROOT, path);
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), section, content));
}
